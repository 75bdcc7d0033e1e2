"""Who asks, and may they?"""

from services.gateway.application.ports import Ports
from services.gateway.domain.credentials import Credential, Scope, check_spelling, hashed
from services.gateway.domain.errors import scope_missing, unauthenticated


async def authenticate(ports: Ports, authorization: str, scope: Scope) -> Credential:
    """The credential behind an Authorization header that carries `scope`.

    Raises UNAUTHENTICATED MISSING_API_KEY or BAD_API_KEY, PERMISSION_DENIED SCOPE_MISSING.
    """
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise unauthenticated("MISSING_API_KEY", "send your key as `Authorization: Bearer sk_…`")
    check_spelling(key)
    credential = await ports.keys.find(hashed(key, ports.pepper))
    if credential is None:
        raise unauthenticated("BAD_API_KEY", "this key is unknown or was revoked")
    if scope not in credential.scopes:
        raise scope_missing(scope, credential.audience)
    return credential
