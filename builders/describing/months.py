"""The names of the months in 80 languages, as one table.

Collected from the Unicode CLDR by way of the language data of dateparser 1.5.0, with the month names of the Levant
and the Maghreb and those of the Iranian calendar added. Names are folded as `fold_word` folds them; an underscore
stands for a space. Nearly every name means one month in all languages; those few that do not are `AMBIGUOUS`.
"""

from types import MappingProxyType
from typing import Final

from .words import fold_word

_GREGORIAN: Final = (
    """
    djan djanuari ean eanair ene enero faoi gen gener gennaio ian ianuarie ion ionawr jaan jaanuar jan janar janeiro
    jannaayo jannar janner januar januara januari januarie january januwari janv janvaris janvier kob led leden
    ledna lednu mut mutarama oca ocak saus sausio sausis sij sijecanj sijecnja sijecnjem sijecnju sty styczen
    stycznia styczniu tammi tammik tammikuu tammikuussa tammikuuta thang_mot umasingana urt urtarrila xan xaneiro
    yan yanvar ιαν ιανουαριοσ ιανουαριου стд сту студзень студзеня січ січень січня ян янв январь января яну януари
    јан јануар јануари қаң қаңтар հնվ հունվար հունվարի בינואר ינו ינואר ינו׳ לינואר جانفي جنوري جنوری كانون_الثاني
    كانون_ثاني يناير ينایر ژانویه ژانویهٔ जनवरी जन॰ जाने जानेवारी জানু জানুয়ারি জানুয়ারী ਜਨ ਜਨਵਰੀ જાન્યુ જાન્યુઆરી
    ஜன ஜனவரி జన జనవరి ಜನ ಜನವರಿ ജനു ജനുവരി ජන ජනවාරි มกรา มกราคม มค เดือนมกราคม ມກ ມັງກອນ ဇန် ဇန်နဝါရီ იან იანვარი ጃን
    ጃንዋሪ ጃንዩ ጃንዩወሪ មករា 一月
    """,
    """
    chw chwef chwefror feabh feabhra feb febbraio feber febr febraayo febreiro febrer febrero februar februara
    februari februarie februaris february februwari fev fevereiro fevr fevral fevrier fra frar gas gashyantare gearr
    helmi helmik helmikuu helmikuussa helmikuuta lab lut lutego luty lutym ots otsaila peb pebrero pebruari shk
    shkurt sub subat thang_hai uno unor unora unoru unr vas vasario vasaris veebr veebruar velj veljaca veljace
    veljaci veljacom φεβ φεβρουαριοσ φεβρουαριου ақп ақпан лют лютага лютии лютого люты фв феб фебруар фев февр
    февраль февраля февруари փետրվար փետրվարի փտվ בפברואר לפברואר פבר פברואר פבר׳ شباط فبراير فبروري فبروری فروری
    فوریه فوریهٔ فيفري فېبروري फ़रवरी फ़र॰ फेब्रु फेब्रुअरी फेब्रुवारी ফেব ফেব্রুয়ারি ফেব্রুয়ারী ਫ਼ਰ ਫ਼ਰਵਰੀ ફેબ્રુ
    ફેબ્રુઆરી பிப் பிப்ரவரி ఫిబ్ర ఫిబ్రవరి ಫೆಬ್ರ ಫೆಬ್ರವರಿ ഫെബ്രു ഫെബ്രുവരി පෙබ පෙබරවාරි กพ กุมภา กุมภาพันธ์
    เดือนกุมภาพันธ์ ກພ ກຸມພາ ဖေ ဖေဖော်ဝါရီ თებ თებერვალი ፌብ ፌብሩ ፌብሩወሪ ፌብሩዋሪ កុម្ភៈ 二月
    """,
    """
    bre brezen brezna breznu iii kov kovas kovo maalis maalisk maaliskuu maaliskuussa maaliskuuta maarso maart mac
    machi mae maerz mar marc marca march marcius marco marcu marec maret mars marso mart marta martie marts martxoa
    marz marzec marzo marzu mas mashi maw mawrth mrt mrz ozu ozujak ozujka ozujkom ozujku sad thang_ba wer werurwe
    μαρ μαρτιοσ μαρτιου бер берез березень березня мар март марта нау наурыз сак сакавік сакавіка մարտ մարտի մրտ
    במארס במרס במרץ למארס למרס למרץ מארס מרס מרץ آذار اذار مارس مارچ मार्च মার্চ ਮਾਰਚ માર્ચ மார் மார்ச் మార్చి
    ಮಾರ್ಚ್ മാർ മാർച്ച് මාර් මාර්තු มีค มีนา มีนาคม เดือนมีนาคม ມນ ມີນາ မတ် მარ მარტი ማርች មីនា 三月
    """,
    """
    abr abrell abriil abril afr aib aibrean api apirila apr aprel april aprila aprile aprili aprilie aprilis aprill
    avr avril bal balandis balandzio dub duben dubna dubnu ebr ebrill eph ephreli gibl huhti huhtik huhtikuu
    huhtikuussa huhtikuuta kwi kwie kwiecien kwietnia kwietniu mat mata nis nisan pri prill thang_tu tra travanj
    travnja travnjem travnju απρ απριλιοσ απριλιου ап апр апрель апреля април кві квіт квітень квітня кра красавік
    красавіка крс сәу сәуір ապր ապրիլ ապրիլի אפר אפריל אפר׳ באפריל לאפריל آوریل أبريل أفريل ابريل اپریل نيسان अप्रिल
    अप्रैल एप्रि एप्रिल এপ্রি এপ্রিল ਅਪ੍ਰੈ ਅਪ੍ਰੈਲ એપ્રિલ ஏப் ஏப்ரல் ఏప్రి ఏప్రిల్ ಏಪ್ರಿ ಏಪ್ರಿಲ್ ഏപ്രി ഏപ്രിൽ
    අප්‍රේල් เดือนเมษายน เมย เมษา เมษายน ມສ ເມສາ ဧ ဧပြီ აპრ აპრილი ኤፕሪ ኤፕሪል មេសា 四月
    """,
    """
    beal bealtaine ceit geg geguze geguzes gic gicuransi gicurasi kve kveten kvetna kvetnu mag maggio mai maiatza
    maig maijs maio maj maja maju majus may mayis mayo mee mei mej mejju mey meyi sha svi svibanj svibnja svibnjem
    svibnju thang_nam touko toukok toukokuu toukokuussa toukokuuta μαι μαιοσ μαιου маи мам мамыр мая мај тра трав
    травень травня трауня մայիս մայիսի մյս במאי למאי מאי أيار ايار مئی ماي مايو مه مهٔ می مۍ मई मे মে ਮਈ મે மே మే ಮೇ
    മേയ് මැයි พค พฤษภา พฤษภาคม เดือนพฤษภาคม ພພ ພຶດສະພາ မေ მაი მაისი ሜይ ឧសភា 五月
    """,
    """
    birz birzelio birzelis cer cerven cervna cervnu cvn cze czerwca czerwcu czerwiec djuni eka ekaina giu giugno gun
    gunju haz haziran hun hunyo iun iunie iyn iyun juin jun juna june junho juni junie junij junijs junio junius
    juny juun juuni kam kamena kesa kesak kesakuu kesakuussa kesakuuta lipanj lipnja lipnjem lipnju lix meh mehefin
    meith meitheamh ogmh qer qershor thang_sau xuno ιουν ιουνιοσ ιουνιου июн июнь июня мау маусым чер черв червень
    червня чэр чэрвень чэрвеня юн юни јун јуни հնս հունիս հունիսի ביוני יונ יוני ליוני جوان جون حزيران يونية يونيه
    يونيو ژوئن जुन जून জুন ਜੂਨ જૂન ஜூன் జూన్ ಜೂನ್ ജൂൺ ජූනි มิถุนา มิถุนายน มิย เดือนมิถุนายน ມິຖ ມິຖຸນາ ဇွန် ივნ
    ივნისი ጁን មិថុនា 六月
    """,
    """
    cervence cervenci cervenec crc crv cvc djuli gor gorff gorffennaf heina heinak heinakuu heinakuussa heinakuuta
    hul hulyo iuch iuil iul iulie iyl iyul juil juillet jul jula julai julayi julho juli julie julij julijs julio
    juliol julius july juuli kor korr korrik liep liepa liepos lipca lipcu lipiec lug luglio lul lulju luuliyo nya
    nyakanga srpanj srpnja srpnjem srpnju tem temmuz thang_bay tod uzt uztaila vii xul xullo ιουλ ιουλιοσ ιουλιου
    июл июль июля лип липень липня ліп ліпень ліпеня шіл шілде юл юли јул јули հլս հուլիս հուլիսի ביולי יול יולי
    ליולי تموز جولائی جولای جويلية يولية يوليه يوليو ژوئیه ژوئیهٔ जुलाई जुलै जुल॰ জুল জুলাই ਜੁਲਾ ਜੁਲਾਈ જુલાઈ ஜூலை
    జులై ಜುಲೈ ജൂലൈ ජූලි กค กรกฎา กรกฎาคม เดือนกรกฏาคม ກລ ກໍລະກົດ ဇူ ဇူလိုင် ივლ ივლისი ጁላይ កក្កដា 七月
    """,
    """
    abu abuztua aga agasti ago agost agosti agosto agt agu agust agustos agustus aou aout aug august augusta augusti
    augusts augustus augusztus avg avgust avq avqust awst aww awwissu elo elok elokuu elokuussa elokuuta gsh gush
    gusht kan kanama kol kolovoz kolovoza kolovozom kolovozu lun luna lunasa ogo ogos ogosto ogs rugp rugpjucio
    rugpjutis sid sie sierpien sierpnia sierpniu srpen srpna srpnu thang_tam viii αυγ αυγουστοσ αυγουστου авг август
    августа жнв жні жнівень жнівеня жніуня сер серп серпень серпня там тамыз օգոստոս օգոստոսի օգս אוג אוגוסט אוג׳
    באוגוסט לאוגוסט آب آگست أغسطس أوت اغسطس اوت اګست اگست अगस्ट अगस्त अग॰ ऑग ऑगस्ट আগ আগস্ট ਅਗ ਅਗਸਤ ઑગસ્ટ ஆக ஆகஸ்ட்
    ఆగ ఆగస్టు ಆಗ ಆಗಸ್ಟ್ ഓഗ ഓഗസ്റ്റ് අගෝ අගෝස්තු สค สิงหา สิงหาคม เดือนสิงหาคม ສຫ ສິງຫາ ဩ ဩဂုတ် აგვ აგვისტო ኦገስ ኦገስት
    សីហា 八月
    """,
    """
    eyl eylul ira iraila medi mfomh nze nzeli rugs rugsejis rugsejo ruj rujan rujna rujnom rujnu sag seb sebteembar
    sen sentabr sentyabr sep sept septemba septembar september septembra septembre septembrie septembris septembro
    septhemba septiembre set setembre setembro setiembre settembre settembru setyembre sht shtator sult syys syysk
    syyskuu syyskuussa syyskuuta szept szeptember thang_chin wrz wrzesien wrzesnia wrzesniu zar zari σεπ σεπτεμβριοσ
    σεπτεμβριου вер верасень верасня верес вересень вересня врс сен сент сентябрь сентября сеп септ септембар
    септември септм қыр қыркүиек սեպ սեպտեմբեր սեպտեմբերի בספטמבר לספטמבר ספט ספטמבר ספט׳ أيلول ايلول سبتمبر ستمبر
    سپتامبر سپتمبر سېپتمبر सप्टें सप्टेंबर सितंबर सितम्बर सित॰ सेप्टेम्बर সেপ সেপ্টেম্বর ਸਤੰ ਸਤੰਬਰ સપ્ટે સપ્ટેમ્બર
    செப் செப்டம்பர் సెప్టెం సెప్టెంబర్ ಸೆಪ್ಟೆಂ ಸೆಪ್ಟೆಂಬರ್ സെപ്റ്റം സെപ്റ്റംബർ සැප් සැප්තැම්බර් กย กันยา กันยายน
    เดือนกันยายน ກຍ ກັນຍາ စက် စက်တင်ဘာ სექ სექტემბერი ሴፕቴ ሴፕቴምበር កញ្ញា 九月
    """,
    """
    damh dfomh eki ekim hyd hydref listopadom loka lokak lokakuu lokakuussa lokakuuta oct october octobre octombrie
    octubre okt oktabr okthoba oktoba oktobar oktober oktobra oktobris oktoobar oktoober oktubre oktyabr ott ottobre
    ottubru out outubro paz pazdziernik pazdziernika pazdzierniku rij rijen rijna rijnu spal spalio spalis tet tetor
    thang_muoi tob ukw ukwakira urr urria οκτ οκτωβριοσ οκτωβριου жов жовт жовтень жовтня кас кастрычнік кастрычніка
    кст окт октобар октомври октябрь октября қаз қазан հոկ հոկտեմբեր հոկտեմբերի אוק אוקטובר אוק׳ באוקטובר לאוקטובר
    أكتوبر اكتوبر اکتبر اکتوبر تشرين_أول تشرين_الأول अक्टूबर अक्टोबर अक्तूबर अक्तू॰ ऑक्टो ऑक्टोबर অক্টো অক্টোবর ਅਕਤੂ
    ਅਕਤੂਬਰ ઑક્ટો ઑક્ટોબર அக் அக்டோபர் అక్టో అక్టోబర్ ಅಕ್ಟೋ ಅಕ್ಟೋಬರ್ ഒക്ടോ ഒക്‌ടോബർ ඔක් ඔක්තෝබර් ตค ตุลา ตุลาคม
    เดือนตุลาคม ຕລ ຕຸລາ အောက် အောက်တိုဘာ ოქტ ოქტომბერი ኦክቶ ኦክቶበር តុលា 十月
    """,
    """
    aza azaroa kas kasim kit lapkr lapkricio lapkritis listopadzie marras marrask marraskuu marraskuussa marraskuuta
    nen nentor nob nobyembre nof noiem noiembrie noofeembar nop nopember nov novemba novembar november novembra
    novembre novembris novembro novembru noviembre noy noyabr samh samhain stu studeni studenim studenog studenoga
    studenom studenome studenomu tach tachwedd thang_muoi_mot ugu ugushyingo νοε νοεμβριοσ νοεμβριου лис лист листоп
    листопад листопада ліс лістапад лістапада нов новембар ное ноем ноември ноя нояб ноябрь ноября қар қараша նոյ
    նոյեմբեր նոյեմբերի בנובמבר לנובמבר נוב נובמבר נוב׳ تشرين_الثاني تشرين_ثاني نوامبر نوفمبر نومبر नवंबर नवम्बर नव॰
    नोभेम्बर नोव्हें नोव्हेंबर নভে নভেম্বর ਨਵੰ ਨਵੰਬਰ નવે નવેમ્બર நவ நவம்பர் నవం నవంబర్ ನವೆಂ ನವೆಂಬರ್ നവം നവംബർ නොවැ
    නොවැම්බර් พย พฤศจิ พฤศจิกายน เดือนพฤศจิกายน ພຈ ພະຈິກ နို နိုဝင်ဘာ ნოე ნოემბერი ኖቬም ኖቬምበር វិច្ឆិកា 十一月
    """,
    """
    abe abendua ara aralik dec decembar december decembra decembre decembrie decembris decembro dek dekabr des
    desemba desember desembre dets detsember dez dezember dezembro dhj dhjetor dic dicembre dicembru diciembre dis
    diseembar disemba disember disyembre dubh gru grudnia grudniu grudzien gruod gruodis gruodzio joulu jouluk
    joulukuu joulukuussa joulukuuta lit noll nollaig pro prosinac prosinca prosince prosincem prosinci prosincu
    prosinec rhag rhagfyr thang_muoi_hai uku ukuboza xii δεκ δεκεμβριοσ δεκεμβριου гру груд грудень грудня дек
    декабрь декабря декември дец децембар жел желтоқсан сне снежань снежня снж դեկ դեկտեմբեր դեկտեմբերի בדצמבר דצמ
    דצמבר דצמ׳ לדצמבר دسامبر دسمبر ديسمبر كانون_أول كانون_الأول डिसें डिसेंबर डिसेम्बर दिसंबर दिसम्बर दिस॰ ডিসে
    ডিসেম্বর ਦਸੰ ਦਸੰਬਰ ડિસે ડિસેમ્બર டிச டிசம்பர் డిసెం డిసెంబర్ ಡಿಸೆಂ ಡಿಸೆಂಬರ್ ഡിസം ഡിസംബർ දෙසැ දෙසැම්බර් ธค ธันวา
    ธันวาคม เดือนธันวาคม ທວ ທັນວາ ဒီ ဒီဇင်ဘာ დეკ დეკემბერი ዲሴም ዲሴምበር ធ្នូ 十二月
    """,
)

_JALALI: Final = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند"

AMBIGUOUS: Final = MappingProxyType(
    {
        "lip": {"hr": 6, "bs": 6, "pl": 7},
        "srp": {"hr": 7, "bs": 7, "cs": 8},
        "lis": {"hr": 10, "bs": 10, "cs": 11, "pl": 11},
        "listopad": {"hr": 10, "bs": 10, "cs": 11, "pl": 11},
        "listopada": {"hr": 10, "bs": 10, "pl": 11},
        "listopadu": {"hr": 10, "bs": 10, "cs": 11},
    }
)
"""Names that mean another month in another language: by name, then language."""

MONTHS: Final = MappingProxyType(
    {name.replace("_", " "): month for month, names in enumerate(_GREGORIAN, start=1) for name in names.split()}
)
"""Month of the Gregorian calendar, 1 to 12, by folded name."""

JALALI_MONTHS: Final = MappingProxyType({fold_word(name): month for month, name in enumerate(_JALALI.split(), start=1)})
"""Month of the Iranian calendar, 1 to 12, by folded name."""
