"""The folder of an application's documents: job documents, and JSON Schemas for them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from iot_jobs import documents
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.finding import Edit, Finding, Findings, Rule, guarded, nearest
from iot_jobs.sources.source import Source, read_on, shown_path
from iot_jobs.sources.subject import Document, Skipped
from iot_jobs.unresolved import Unresolved

DOCUMENTS = "job_documents"
LAYOUT = "the application's folders: stacks/templates, stacks/environments and job_documents"
"""The source of rules about these folders."""
UNKNOWN_SCHEMA = Rule(
    code="JT707",
    title="a document schema is a built-in one, or a JSON Schema file in job_documents",
    why="There would be nothing to check the document against.",
    source=LAYOUT,
    evidence="own",
)
DOCUMENT_FILE = Rule(
    code="JT706",
    title="a family's document is a file in job_documents",
    why="Documents are kept and reviewed in one place.",
    source=LAYOUT,
    evidence="own",
)


class Named(NamedTuple):
    """What a family names: a value, the file that holds it, and findings about the name, relative to the family."""

    value: Any
    source: Source | None = None
    findings: tuple[Finding, ...] = ()


class DocumentFolder:
    """A folder of documents and schemas. Each file is read once, and what is wrong in it is in `findings`.

    `alone` says that the folder is in no application: missing files that a family names are in `skipped`.
    """

    def __init__(self, folder: Path, *, alone: bool) -> None:
        """Read nothing yet."""
        self.folder = folder.resolve()
        self.alone = alone
        self.findings = Findings()
        self.skipped: list[Skipped] = []
        self._documents: dict[Path, tuple[JobDocument | None, Source | None]] = {}
        self._schemas: dict[Path, Source | None] = {}
        self._named: set[Path] = set()

    def document(self, name: Any, family: str) -> Named:
        """Return the document that a family names, None for none. One with errors is unresolved for other rules."""
        if name is None or isinstance(name, Unresolved):
            return Named(name)
        path, findings = self._inside(name, "document", family)
        if path is None:
            return Named(Unresolved(name), findings=findings)
        document, source = self._document(path)
        as_written = source and JobDocument(source.text)
        return Named(document or Unresolved(as_written or name), source)

    def schema(self, name: Any, family: str) -> Named:
        """Return the name of a built-in schema, or the data of the user's own; None for neither."""
        if name is None or (isinstance(name, str) and name in documents.FAMILIES):
            return Named(name)
        if not (isinstance(name, str) and name.endswith(".json")):
            allowed = ", ".join((*documents.FAMILIES, f"or a JSON Schema in {DOCUMENTS}/"))
            near = nearest(str(name), documents.FAMILIES)
            fix = f"write {near}" if near else "choose one of these"
            finding = UNKNOWN_SCHEMA.finding(
                loc=("document_schema",),
                given=name,
                allowed=allowed,
                fix=fix,
                edit=Edit("value", near) if near else None,
            )
            return Named(None, findings=(finding,))
        path, findings = self._inside(name, "document_schema", family)
        if path is None:
            return Named(None, findings=findings)
        if path not in self._schemas:
            source, wrong = read_on(path)
            self._schemas[path] = None if source and source.deep else source
            self.findings += wrong
        source = self._schemas[path]
        return Named(source and source.data, source)

    def unnamed(self) -> list[Document]:
        """Return the documents that no family names."""
        unnamed = []
        for path in sorted(self.folder.rglob("*.json")):
            if path not in self._documents and path not in self._named and not path.name.endswith(".schema.json"):
                document, source = self._document(path)
                if document and source:
                    unnamed.append(Document(document, source.place, source.name))
        return unnamed

    def _document(self, path: Path) -> tuple[JobDocument | None, Source | None]:
        """Return a document and its file. The document is None if it has errors, which are noted."""
        if path not in self._documents:
            self._documents[path] = None, None
            with guarded(shown_path(path)) as crashed:
                source, errors = read_on(path)
                if source:
                    problems = [one for one in JobDocument(source.text).problems() if one.severity == "error"]
                    errors = [one._replace(place=source.place(one.loc)) for one in problems]
                self.findings += errors
                self._documents[path] = JobDocument.inline(source.text) if source and not errors else None, source
            self.findings += crashed
        return self._documents[path]

    def _inside(self, name: Any, key: str, family: str) -> tuple[Path | None, tuple[Finding, ...]]:
        """Return the file of the folder that a value names. A missing one is a finding, or skipped."""
        folder = self.folder
        if isinstance(name, str):
            self._named.add(folder / name)
        try:
            path = (folder / name).resolve() if isinstance(name, str) and name.isprintable() else folder
            if path.is_relative_to(folder) and path.is_file():
                return path, ()
        except (OSError, RuntimeError, ValueError):  # a name that is too long or impossible here, or a link to itself
            pass
        if self.alone and isinstance(name, str):
            self.skipped.append(Skipped(family, f"{key} {name}: no such file beside it"))
            return None, ()
        near = _nearest_file(name, folder) if isinstance(name, str) else None
        fix = f"put it into {DOCUMENTS}/" if isinstance(name, str) and name else "write its name"
        finding = DOCUMENT_FILE.finding(
            loc=(key,),
            given=name,
            allowed=f"the name of a file in {DOCUMENTS}/",
            fix=f"write {near}" if near else fix,
            edit=Edit("value", near) if near else None,
        )
        return None, (finding,)


def _nearest_file(given: str, folder: Path) -> str | None:
    """Return the file of a folder that a name most likely means, also without its folder or suffix."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = [name for name in names if name != given]  # a link out of the folder
    stem = PurePosixPath(given).stem
    return nearest(given, names, cutoff=0.75) or (nearest(f"{stem}.json", names, cutoff=0.75) if stem else None)
