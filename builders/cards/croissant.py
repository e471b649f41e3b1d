"""Croissant: `croissant.json`, the dataset described for machines, by Croissant 1.1 and its RAI vocabulary 1.0.

Derived from the declared fields of a record, the manifest's digests and the counts. It holds no date: a publisher who
knows one adds it. The specifications are croissant-spec-1.1.html and croissant-rai-spec.html of
docs.mlcommons.org/croissant/docs.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from dehusk.builders.pack import MANIFEST, REJECTS_FILE, PackedFile, fingerprint
from dehusk.builders.personal import PERSONAL
from dehusk.builders.summary import Summary
from dehusk.schema.record import RECORD, Field

from .contents import Contents
from .licences import licence_url
from .sections import bibtex

CROISSANT: Final = "croissant.json"
CONFORMS_TO: Final = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
PARQUET: Final = "application/x-parquet"  # not the registered type, but the one that mlcroissant reads

_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of the specification, and the namespaces `prov` and `rai`."""

_KNOWN_SPLITS: Final = {
    "train": "cr:TrainingSplit",
    "validation": "cr:ValidationSplit",
    "val": "cr:ValidationSplit",
    "dev": "cr:ValidationSplit",
    "test": "cr:TestSplit",
}


def write_croissant(folder: Path, contents: Contents) -> Path:
    """Writes the Croissant file of a dataset; returns it."""
    path = folder / CROISSANT
    path.write_text(json.dumps(croissant_of(contents), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def croissant_of(contents: Contents) -> dict[str, Any]:
    """The description of a dataset as JSON-LD."""
    info = contents.recipe.dataset
    about = {
        "name": info.name,
        "description": info.description.strip() or info.pretty_name,
        "alternateName": info.pretty_name,
        "license": licence_url(info.license, info.license_link) if info.license else None,
        "url": info.homepage or None,
        "version": info.version or None,
        "creator": [{"@type": "sc:Person", "name": name} for name in info.creators] or None,
        "publisher": {"@type": "sc:Organization", "name": info.publisher} if info.publisher else None,
        "inLanguage": contents.languages or None,
        "keywords": ["web", "boilerplate", "dehusk", *info.tags],
        "citeAs": bibtex(contents),
        "isAccessibleForFree": True,
    }
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        **{key: value for key, value in about.items() if value is not None},
        **_responsible(contents),
        **_provenance(contents),
        "distribution": list(_distribution(contents)),
        "recordSet": [_splits(contents), _records(contents)],
    }


# -- files and fields --


def _distribution(contents: Contents) -> Iterator[dict[str, Any]]:
    """Every data file with its digest, and all record files as one set, which is what the fields are read from."""
    for file in contents.files:
        if file.rows is not None:
            yield _file_object(file)
    yield {
        "@type": "cr:FileSet",
        "@id": "record-files",
        "name": "record-files",
        "description": "all record files",
        "encodingFormat": PARQUET,
        "includes": "data/*.parquet",
    }


def _file_object(file: PackedFile) -> dict[str, Any]:
    what = "what came in and was not kept" if file.path == REJECTS_FILE else "records"
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": f"{what}, {file.rows} rows",
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": file.sha256,
    }


def _splits(contents: Contents) -> dict[str, Any]:
    rows = [{"splits/name": name, "splits/url": _KNOWN_SPLITS.get(name, "cr:Split")} for name in contents.num_bytes]
    fields = [("name", "sc:Text"), ("url", "sc:URL")]
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "the splits of the dataset",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [{"@type": "cr:Field", "@id": f"splits/{name}", "dataType": kind} for name, kind in fields],
        "data": rows,
    }


def _records(contents: Contents) -> dict[str, Any]:
    split = {
        "@type": "cr:Field",
        "@id": "records/split",
        "name": "split",
        "description": "the split that the page is in",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": "record-files"},
            "extract": {"fileProperty": "fullpath"},
            # mlcroissant applies it twice, and makes a glob of it when a split is asked for: the ends are optional, and
            # written so that they can be a glob.
            "transform": {"regex": r"^(?:data/)?([\w.]+)(?:-.+parquet)?$"},
        },
        "references": {"field": {"@id": "splits/name"}},
    }
    return {
        "@type": "cr:RecordSet",
        "@id": "records",
        "name": "records",
        "description": f"one row a page, {contents.summary.kept} rows",
        "key": {"@id": "records/id"},
        "field": [split, *(_field(field, "records", ()) for field in RECORD)],
    }


def _field(field: Field, parent: str, path: tuple[str, ...]) -> dict[str, Any]:
    """A field, nested ones as sub-fields that are read from the same column by their path in it."""
    path = (*path, field.name)
    described = {
        "@type": "cr:Field",
        "@id": f"{parent}/{field.name}",
        "name": field.name,
        "description": field.description,
        **({"isArray": True, "arrayShape": "-1"} if pa.types.is_list(field.type) else {}),
    }
    if field.inner:
        return described | {"subField": [_field(inner, f"{parent}/{field.name}", path) for inner in field.inner]}
    transform = {"transform": {"jsonPath": ".".join(path[1:])}} if path[1:] else {}
    source = {"fileSet": {"@id": "record-files"}, "extract": {"column": path[0]}, **transform}
    return described | {"dataType": _data_type(field.type), "source": source} | _PROVENANCE.get(field.name, {})


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return _data_type(kind.value_type)
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_timestamp(kind):
        return "sc:DateTime"
    if pa.types.is_integer(kind):
        return "cr:Int64" if kind == pa.int64() else "cr:Int32"
    return "cr:Float32" if pa.types.is_floating(kind) else "sc:Text"


_PROVENANCE: Final = {
    "label": {"prov:wasGeneratedBy": {"@id": "line-model"}},
    "score": {"prov:wasGeneratedBy": {"@id": "line-model"}},
}


# -- where it comes from, and what to mind --


def _provenance(contents: Contents) -> dict[str, Any]:
    seeds, maker = contents.seeds, contents.maker
    source = contents.recipe.dataset.source
    tool = {"@type": "prov:SoftwareAgent", "@id": "dehusk", "prov:label": f"dehusk {maker.dehusk}"}
    libraries = ", ".join(f"{name} {number}" for name, number in maker.libraries.items())
    return {
        "prov:wasDerivedFrom": {
            "@type": "prov:Entity",
            "@id": "seeds",
            "prov:label": f"{len(seeds)} files with pages, {sum(seed.bytes for seed in seeds)} bytes, by digest in"
            f" {MANIFEST}",
            **({"description": source} if source else {}),
        },
        "prov:wasGeneratedBy": [
            {
                "@type": "prov:Activity",
                "@id": "build",
                "prov:label": "cutting, labelling, describing and packing of the pages",
                "prov:used": {"@id": "seeds"},
                "prov:wasAssociatedWith": tool,
                "description": f"with {libraries}; content fingerprint {fingerprint(contents.data)}",
            },
            {
                "@type": "prov:Activity",
                "@id": "line-model",
                "prov:label": "labelling of every line by a line model",
                "prov:wasAssociatedWith": {"@id": "dehusk"},
                "description": f"weights sha256:{maker.model}",
            },
        ],
    }


def _masked(summary: Summary) -> str:
    if not summary.redacted:
        return "Nothing was removed or masked."
    marks = ", ".join(f"{count} {PERSONAL[kind]}" for kind, count in summary.redacted.items())
    return f"Marks took the place of {marks}, found by patterns."


def _responsible(contents: Contents) -> dict[str, Any]:
    """The RAI properties, from what was counted and what the recipe says."""
    info, summary = contents.recipe.dataset, contents.summary
    counted = [
        f"{summary.personal.get(f'raw.{kind}', 0)} of {summary.kept} pages hold {words}, counted by patterns"
        for kind, words in PERSONAL.items()
    ]
    said = {
        "dataCollection": info.source or "Where the pages were taken from is not stated.",
        "dataCollectionType": ["Web Scraping"],
        "dataCollectionMissingData": "A field is null where the page does not say, or not clearly enough; known are "
        + ", ".join(f"{name} {count}" for name, count in summary.known.items())
        + f" of {summary.kept}.",
        "dataCollectionRawData": "Web pages as "
        + ", ".join(f"{name} ({count})" for name, count in summary.formats.items())
        + "; the field raw holds each as it was decoded, of HTML the text that it shows"
        + (", with marks for personal data." if summary.redacted else "."),
        "dataPreprocessingProtocol": [
            "Decoding to Unicode, cutting into lines, labelling of lines, reading fields out of labelled lines.",
            f"{sum(summary.rejected.values())} of {summary.came_in} files and pages were rejected, see {REJECTS_FILE}.",
            "Nothing was filtered by quality or content.",
        ],
        "dataAnnotationProtocol": [
            "By machine: a line model gives each line one of 17 labels with a score.",
            *([f"By persons: {summary.by_hand} lines, those with by_hand."] if summary.by_hand else []),
        ],
        "machineAnnotationTools": [f"dehusk {contents.maker.dehusk}, line model sha256:{contents.maker.model}"],
        "annotationsPerItem": f"{summary.by_hand} lines in all by persons" if summary.by_hand else "0 by persons",
        "dataBiases": [
            "The selection of pages is that of whoever collected them; the opinions are those of their authors."
        ],
        "dataLimitations": [
            "Labels and fields are read by machine, some are wrong, and no person has checked the records"
            + (" but for the lines with by_hand." if summary.by_hand else ".")
        ],
        "dataUseCases": ["Language modelling, retrieval, corpus studies; telling content from boilerplate."],
        "dataSocialImpact": "Pages may name people; whoever uses them is bound by the law that protects those people.",
        "personalSensitiveInformation": [_masked(summary), *counted],
        "dataReleaseMaintenancePlan": f"Corrections and takedowns: {info.contact or 'no contact is stated'}.",
    }
    return {f"rai:{name}": value for name, value in said.items()}
