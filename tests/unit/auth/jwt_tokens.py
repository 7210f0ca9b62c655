#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tokens of another maker: a line each of algorithm, key in hex, token. 77: it is not installed."""
import sys
import time

try:
    import jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(77)


def public(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


secret = bytes(range(1, 41))
rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ed_key = ed25519.Ed25519PrivateKey.generate()
now = int(time.time())
claims = {
    "sub": "ana", "iss": "https://issuer.example", "aud": ["api", "other"], "iat": now, "nbf": now,
    "exp": now + 600.5, "roles": ["admin", "writer"], "scope": "notes:read notes:write",
    "name": "Ana Ňuñez \U0001f600", "https://issuer.example/tenant": 7,
}
for algorithm, signer, verifier in (
        ("HS256", secret, secret), ("RS256", rsa_key, public(rsa_key)),
        ("EdDSA", ed_key, public(ed_key))):
    token = jwt.encode(claims, signer, algorithm=algorithm, headers={"kid": "k1"})
    print(algorithm, verifier.hex(), token if isinstance(token, str) else token.decode())
