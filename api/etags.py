"""Conditional requests (RFC 9110, section 13)."""


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` holds ``etag``; compares weakly, as that header does.

    Example:
        >>> matches('"a", W/"b"', '"b"')
        True
    """
    if if_none_match is None:
        return False
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in held or etag.removeprefix("W/") in held
