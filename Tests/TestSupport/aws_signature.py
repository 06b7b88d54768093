"""The signatures of AWS (version 4), as a store computes them."""
import hashlib
import hmac


def digest(data):
    return hashlib.sha256(data).hexdigest()


def is_signed(handler, secret):
    """Whether a request to an http.server handler has the signature that it should have."""
    header = handler.headers["Authorization"]
    if header is None:
        return False
    fields = dict(part.strip().split("=", 1) for part in header.partition(" ")[2].split(","))
    _, date, region, service, end = fields["Credential"].rsplit("/", 4)
    path, _, query = handler.path.partition("?")
    signed = fields["SignedHeaders"].split(";")
    lines = "".join(f"{name}:{handler.headers[name].strip()}\n" for name in sorted(signed))
    payload = handler.headers["x-amz-content-sha256"]
    request = "\n".join([handler.command, path, query, lines, ";".join(sorted(signed)), payload])
    scope = "/".join([date, region, service, end])
    text = "\n".join(["AWS4-HMAC-SHA256", handler.headers["x-amz-date"], scope, digest(request.encode())])
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    return fields["Signature"] == hmac.new(key, text.encode(), "sha256").hexdigest()
