import type { ProblemCode } from './problem.ts';

/** The cause of each problem, for `GET /v1/problems/{code}`. Kept apart from `problems`, which every function bundles. */
export const problemCauses: Readonly<Record<ProblemCode, string>> = {
  'invalid-request':
    'A field, parameter or header is missing, unknown or invalid. `errors` lists each one with what is expected.',
  'invalid-cursor':
    'The cursor was changed, belongs to another list or filter, or points to a snapshot that no longer exists.',
  'unknown-connector': '`type` is not a connector of this deployment.',
  'credentials-required':
    'The connector needs credentials, and the request has none, or not all fields of one auth method. Or the stored credentials cannot be read.',
  unauthenticated:
    'The Authorization header is missing, or its API key or token is unknown, revoked or expired.',
  forbidden: 'The API key or token does not have the scope or the environment that the request needs.',
  'not-found':
    'The path does not exist, or no resource with this id exists in this organisation and environment.',
  'method-not-allowed': 'The path exists, but does not accept this method.',
  'name-taken':
    'An active connection of this organisation and environment has this name. Upper and lower case do not matter.',
  'in-use': 'Consumers use this connection. `usages` lists them.',
  'precondition-failed': 'If-Match has another version than the current one: another update came first.',
  'events-expired':
    'The events that follow `after` were published more than 7 days ago, or `after` is no event of this organisation and environment.',
  'payload-too-large': 'The request body, or the connection after the update, has more than 256 KB.',
  'unsupported-media-type': 'The request body is not JSON in UTF-8, or it is compressed.',
  'idempotency-key-reused': 'The same Idempotency-Key was sent with another body within the last 24 hours.',
  'secret-not-shared':
    'The secret in secret_arn does not exist, belongs to Mooring itself, or its tags do not allow this tenant (mooring:tenant), a host that the connection names or its source announces (mooring:host), or its ssl_mode (mooring:tls).',
  'quota-exceeded': 'A quota of this organisation or connection is used up.',
  'host-not-found': 'DNS has no address for the host, as seen from the probe.',
  'host-forbidden': 'The egress policy of this deployment does not allow the address.',
  'connection-refused':
    'The host exists, but nothing listens on the port, or a firewall rejects the connection.',
  'connection-reset': 'The server, a proxy or a firewall closed the connection.',
  unreachable: 'There is no route to the address.',
  timeout:
    'The other side did not respond within the time limit of the step. The most frequent cause is a firewall that drops packets.',
  'tls-off': 'ssl_mode allows a connection without TLS, and the connection was made without it.',
  'tls-unverified':
    'ssl_mode encrypts the connection without verifying the certificate, the host name or both.',
  'password-in-clear':
    'A password, token or key was sent without TLS, because ssl_mode is disable or security_protocol is a PLAINTEXT one.',
  'tls-required': 'The server, or the login method, does not accept a connection without TLS.',
  'tls-unsupported':
    'ssl_mode or the login method requires TLS, and the server has no TLS or no TLS version in common with Mooring.',
  'certificate-unreadable':
    'ssl.ca, ssl.cert or ssl.key is not readable PEM, or the key does not match the certificate.',
  'certificate-untrusted': 'The certificate is signed by an unknown authority.',
  'certificate-expired': 'The certificate, or one in its chain, has expired or is not valid yet.',
  'certificate-hostname-mismatch': 'The certificate does not contain the host name of the connection.',
  'client-certificate-required':
    'The server refused the TLS connection or the login because it did not get a client certificate that it accepts.',
  'authentication-failed': 'The server does not accept this user with these credentials.',
  'credentials-locked':
    'The destination, its TLS or the login method was changed without new credentials. A secret is only sent to the destination that it was given for, with the same or stronger TLS. In platform mode, secret_arn was not sent again, or the tag mooring:tls does not allow the ssl_mode.',
  'credentials-expired': 'The server requires a new password, or the token has expired.',
  'account-locked': 'The server has locked or disabled the account.',
  'database-not-found': 'The server has no database (service, project, warehouse, bucket) with this name.',
  'too-many-connections': 'The server or the account has reached its limit of connections.',
  'unsupported-version': 'The version of the server is below the minimum of the connector.',
  'protocol-mismatch': 'The port belongs to a server of another kind than the connector expects.',
  'source-too-large':
    'The source holds more data than Mooring reads at once, or the data is nested too deeply.',
  'server-error':
    'The server returned an error that has no problem code of its own. `native_code` identifies it.',
  'permission-denied': 'The account exists but does not have a privilege.',
  'privileges-missing': 'The account does not have all privileges that its role needs.',
  'over-privileged': 'The account has more privileges than its role needs.',
  internal: 'Mooring itself failed. The error is logged with the request_id.',
  unavailable: 'A service that Mooring depends on does not respond.',
};
