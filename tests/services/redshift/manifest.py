"""Finds the files that a COPY names, directly or through a manifest."""
import json
from dataclasses import dataclass

from .refusal import Refusal


@dataclass
class SourceFile:
    url: str
    content: bytes


def _split(url):
    if not isinstance(url, str) or not url.startswith("s3://") or "/" not in url[5:]:
        raise Refusal("XX000", f"Invalid S3 URL in COPY: {url}")
    bucket, _, key = url[5:].partition("/")
    return bucket, key


def _missing(url, what="The specified key does not exist."):
    return f"S3ServiceException:{what},Status 404,Error NoSuchKey ({url})"


def files_of_prefix(s3, url):
    """All objects whose key begins so: also the ones that were not meant."""
    bucket, prefix = _split(url)
    keys = [key for key in s3.list(bucket, prefix) if not key.endswith("/")]
    if not keys:
        raise Refusal("XX000", f"The specified S3 prefix '{prefix}' does not exist")
    return [SourceFile(f"s3://{bucket}/{key}", s3.get(bucket, key)) for key in keys]


def files_of_manifest(s3, url):
    """The manifest's files in its order; a file listed twice is there twice."""
    content = s3.get(*_split(url))
    if content is None:
        raise Refusal("XX000", f"Problem reading manifest file - {_missing(url)}")
    files = []
    for position, entry in enumerate(_entries(content, url)):
        found = _file(s3, entry, position, url)
        if found:
            files.append(found)
    if not files:
        raise Refusal("XX000", f"Manifest file {url} names no file that exists")
    return files


def _entries(content, url):
    try:
        manifest = json.loads(content)
        entries = manifest["entries"]
    except (ValueError, KeyError, TypeError):
        raise Refusal("XX000", f"Invalid manifest file {url}: it is no JSON object with 'entries'") from None
    if not isinstance(entries, list) or not entries:
        raise Refusal("XX000", f"Invalid manifest file {url}: 'entries' is empty")
    return entries


def _file(s3, entry, position, manifest):
    where = f"Invalid manifest file {manifest}: entry {position}"
    if not isinstance(entry, dict) or set(entry) - {"url", "mandatory", "meta"} or "url" not in entry:
        raise Refusal("XX000", f"{where} must have 'url', and may have 'mandatory' and 'meta'")
    size = (entry.get("meta") or {}).get("content_length")
    if not isinstance(size, int) or isinstance(size, bool):
        raise Refusal("XX000", f"{where} has no meta.content_length, which Parquet files need")
    if not isinstance(entry.get("mandatory", False), bool):
        raise Refusal("XX000", f"{where}: 'mandatory' must be true or false")
    content = s3.get(*_split(entry["url"]))
    if content is None:
        if entry.get("mandatory", False):
            raise Refusal("XX000", f"Mandatory file in manifest is missing - {_missing(entry['url'])}")
        return None  # AWS: a missing file that is not mandatory is skipped
    if len(content) != size:
        raise Refusal("XX000", f"File size mismatch: {entry['url']} has {len(content)} bytes, "
                               f"meta.content_length says {size}")
    return SourceFile(entry["url"], content)
