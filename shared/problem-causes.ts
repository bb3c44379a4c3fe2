import type { ProblemCode } from './problem.ts';

/** The cause of each problem, for `GET /v1/problems/{code}`. Kept apart from `problems`, which every function bundles. */
export const problemCauses: Readonly<Record<ProblemCode, string>> = {
  'invalid-request':
    'A field, parameter or header is missing, unknown or of the wrong form; `errors` names each with what was expected.',
  'invalid-cursor':
    'The cursor was altered, belongs to another list or filter, or points into a snapshot that is gone.',
  'unknown-connector': '`type` names no connector of this deployment.',
  'credentials-required':
    'The connector needs credentials and none, or not all of one auth method, were sent.',
  unauthenticated:
    'The Authorization header is missing, or its API key or token is unknown, revoked or expired.',
  forbidden: 'The API key or token lacks the scope or the environment that this request needs.',
  'not-found': 'No such route, or the id names nothing in this organisation and environment.',
  'method-not-allowed': 'The path exists, but not for this method.',
  'name-taken':
    'An active connection of this organisation and environment has this name (compared without case).',
  'in-use': 'Consumers rely on this connection; `usages` names them.',
  'precondition-failed': 'If-Match names another version than the current one.',
  'payload-too-large': 'A body may have 256 KB.',
  'unsupported-media-type': 'A body must be JSON.',
  'idempotency-key-reused': 'The same key came with another body within 24 hours.',
  'secret-not-shared':
    'The secret that secret_arn names is not there, is one of Mooring’s own, or its tags do not allow this tenant (mooring:tenant), a host that the connection names or its source announces (mooring:host), or its ssl_mode (mooring:tls).',
  'quota-exceeded': 'A quota of this organisation or connection is used up.',
  'host-not-found': 'DNS knows no address of the host, seen from where the test ran.',
  'host-forbidden': 'The egress policy of this deployment refuses the address.',
  'connection-refused': 'The host is there, but nothing listens on the port, or a firewall rejects it.',
  'connection-reset': 'The server or something before it (a proxy, a firewall) closed the connection.',
  unreachable: 'There is no route to the address.',
  timeout: 'The other side did not answer within the step’s limit: most often a firewall that drops packets.',
  'tls-off': 'ssl_mode allows a connection without TLS, and there was none.',
  'tls-unverified': 'ssl_mode encrypts without verifying certificate and host name in full.',
  'password-in-clear':
    'ssl_mode disable (or a PLAINTEXT security_protocol) let a password, token or key be sent without TLS.',
  'tls-required': 'The server, or the way to log in, takes no connection without TLS.',
  'tls-unsupported':
    'ssl_mode, or the way to log in, asks for TLS and the server has none, or no version in common.',
  'certificate-unreadable':
    'ssl.ca, ssl.cert or ssl.key is no readable PEM, or certificate and key do not belong together.',
  'certificate-untrusted': 'The certificate is signed by an authority that is not known.',
  'certificate-expired': 'The certificate, or one in its chain, is past its end or not valid yet.',
  'certificate-hostname-mismatch': 'The host that was dialled is not among the names in the certificate.',
  'client-certificate-required':
    'The server refused the TLS connection or the login for lack of an accepted client certificate.',
  'authentication-failed': 'The server does not accept this user with these credentials.',
  'credentials-locked':
    'The destination, its TLS or the login was changed without new credentials: a secret goes only where it was given for, and in no weaker way. In platform mode: secret_arn was not named again, or the tag mooring:tls does not allow the ssl_mode.',
  'credentials-expired': 'The server wants the password changed, or the token is past its end.',
  'account-locked': 'The server has locked or disabled this account.',
  'database-not-found': 'The server knows no database (service, project, warehouse, bucket) of this name.',
  'too-many-connections': 'The server or the account is at its limit of connections.',
  'unsupported-version': 'The server’s version is below the connector’s minimum.',
  'protocol-mismatch': 'Something else than this connector’s source listens on the port.',
  'source-too-large': 'There is more to read than Mooring reads at once, or it is nested too deeply.',
  'server-error': 'The server answered with an error that has no code of its own here; native_code names it.',
  'permission-denied': 'The account is known but lacks a privilege.',
  'privileges-missing': 'The account lacks privileges that its role needs.',
  'over-privileged': 'The account has privileges beyond its role.',
  internal: 'A fault of Mooring itself; it has been logged under request_id.',
  unavailable: 'Something that Mooring depends on does not answer.',
};
