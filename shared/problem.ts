export const blames = ['request', 'credentials', 'permissions', 'server', 'network', 'mooring'] as const;
export type Blame = (typeof blames)[number];

interface ProblemKind {
  /** The HTTP status when the problem is the answer to a request. A test answers 200 and names the code in its result. */
  readonly status: number;
  readonly blame: Blame;
  /** Whether the same request may succeed later without any change. */
  readonly retryable: boolean;
  readonly title: string;
  /** What to do about it, unless the problem itself has a more specific remediation. */
  readonly remediation: string;
}

const defineProblem = (
  status: number,
  blame: Blame,
  retryable: boolean,
  title: string,
  remediation: string,
): ProblemKind => ({
  status,
  blame,
  retryable,
  title,
  remediation,
});

// Keeps the table aligned in columns.
// prettier-ignore
/** All problems that a caller may see, one row per code. A published code never changes. */
export const problems = {
  // The request.
  'invalid-request': defineProblem(400, 'request', false, 'Invalid request',
    'Correct each path in `errors`, then send the request again.'),
  'invalid-cursor': defineProblem(400, 'request', false, 'Invalid cursor',
    'Request the first page again, without a cursor.'),
  'unknown-connector': defineProblem(400, 'request', false, 'Unknown connector',
    'Use a type that GET /v1/connectors lists.'),
  'credentials-required': defineProblem(400, 'request', false, 'Credentials required',
    'Send all required fields of one auth method. GET /v1/connectors/{type} lists them.'),
  unauthenticated: defineProblem(401, 'request', false, 'Authentication required',
    'Send `Authorization: Bearer` with a valid API key (sk_…) or a token of the configured issuer.'),
  forbidden: defineProblem(403, 'request', false, 'Access denied',
    'Use an API key or token that has the scope named in `detail`.'),
  'not-found': defineProblem(404, 'request', false, 'Not found',
    'Check the path, the id and the header X-Environment-Id.'),
  'method-not-allowed': defineProblem(405, 'request', false, 'Method not allowed',
    'Use a method that the Allow header lists.'),
  'name-taken': defineProblem(409, 'request', false, 'Name already taken',
    'Choose another name, or rename or delete the connection that has it.'),
  'in-use': defineProblem(409, 'request', false, 'Connection in use',
    'Delete its usages first: DELETE /v1/connections/{id}/usages/{consumer}.'),
  'precondition-failed': defineProblem(412, 'request', false, 'The connection has changed',
    'Read the connection again, then repeat the update with its new ETag.'),
  'events-expired': defineProblem(410, 'request', false, 'Events expired',
    'Read the connections again, then start without `after`: the list begins with the oldest event of the last 7 days.'),
  'payload-too-large': defineProblem(413, 'request', false, 'Request body too large',
    'Send at most 256 KB.'),
  'unsupported-media-type': defineProblem(415, 'request', false, 'Unsupported content type',
    'Send the header `Content-Type: application/json`.'),
  'idempotency-key-reused': defineProblem(422, 'request', false, 'The Idempotency-Key was used for another request',
    'Use a new Idempotency-Key for a new request.'),
  'secret-not-shared': defineProblem(422, 'request', false, 'The secret is not shared with Mooring',
    'Tag the secret with mooring:tenant (organisation/environment), mooring:host (every host that the connection names) and, unless ssl_mode is verify-full, mooring:tls. Allow the role of the probe to read the secret.'),
  'quota-exceeded': defineProblem(429, 'request', true, 'Too many requests',
    'Wait for the number of seconds in the Retry-After header, then try again.'),

  // The path to the source.
  'host-not-found': defineProblem(502, 'network', true, 'Host name not found',
    'Check the spelling of the host. A private name must resolve in the VPC of the probe.'),
  'host-forbidden': defineProblem(502, 'network', false, 'Host not allowed',
    'Use a host that the egress policy allows, or change the policy of the deployment.'),
  'connection-refused': defineProblem(502, 'network', true, 'Connection refused',
    'Check the port, that the server is running and listens on this address, and its firewall.'),
  'connection-reset': defineProblem(502, 'network', true, 'Connection closed by the other side',
    'Check that the port belongs to a source of this type, and check the allow-lists of proxies and firewalls on the way.'),
  unreachable: defineProblem(502, 'network', true, 'Host unreachable',
    'Check routing, peering and security groups between the probe and the host.'),
  timeout: defineProblem(504, 'network', true, 'No response in time',
    'Allow the addresses in `vantage` in the firewall or security group of the source, or raise connection_timeout_seconds.'),

  // TLS.
  'tls-off': defineProblem(502, 'server', false, 'The connection is not encrypted',
    'Set ssl_mode to verify-full.'),
  'tls-unverified': defineProblem(502, 'server', false, 'The identity of the server is not verified',
    'Set ssl_mode to verify-full. If a private authority signed the certificate, send the authority’s certificate as ssl.ca.'),
  'password-in-clear': defineProblem(502, 'request', false, 'The password is sent without encryption',
    'Turn on TLS at the server and set ssl_mode to verify-full. Then change the password, because others could have read it on the network.'),
  'tls-required': defineProblem(502, 'request', false, 'The server requires TLS',
    'Set ssl_mode to require, verify-ca or verify-full.'),
  'tls-unsupported': defineProblem(502, 'server', false, 'The server does not support TLS',
    'Turn on TLS at the server, or set ssl_mode to prefer or disable.'),
  'certificate-unreadable': defineProblem(502, 'request', false, 'Unreadable certificate or key',
    'Send the whole PEM, from BEGIN to END. The key must match the certificate and have no passphrase.'),
  'certificate-untrusted': defineProblem(502, 'server', false, 'Untrusted server certificate',
    'Send the certificate of the authority that signed it as ssl.ca (`rds` for Amazon RDS).'),
  'certificate-expired': defineProblem(502, 'server', false, 'Expired server certificate',
    'Renew the certificate of the server.'),
  'certificate-hostname-mismatch': defineProblem(502, 'server', false, 'Server certificate for another host',
    'Use a host name that the certificate contains, or set ssl_mode to verify-ca.'),
  'client-certificate-required': defineProblem(502, 'credentials', false, 'Client certificate required',
    'Send ssl.cert and ssl.key of a certificate that the server accepts.'),

  // Credentials.
  'authentication-failed': defineProblem(502, 'credentials', false, 'Authentication failed',
    'Check the user name, then send the credentials again.'),
  'credentials-locked': defineProblem(502, 'credentials', false, 'The credentials are locked',
    'Send the credentials again, or change the destination back.'),
  'credentials-expired': defineProblem(502, 'credentials', false, 'The credentials have expired',
    'Renew the credentials at the source, then send them.'),
  'account-locked': defineProblem(502, 'credentials', false, 'The account is locked',
    'Ask an administrator of the source to unlock the account.'),

  // The server.
  'database-not-found': defineProblem(502, 'request', false, 'Database not found',
    'Check the name.'),
  'too-many-connections': defineProblem(502, 'server', true, 'Too many connections',
    'Close idle connections, or raise the limit.'),
  'unsupported-version': defineProblem(502, 'server', false, 'Unsupported server version',
    'Upgrade the server.'),
  'protocol-mismatch': defineProblem(502, 'request', false, 'Unexpected protocol',
    'Check the host, the port and the connector type.'),
  'source-too-large': defineProblem(502, 'server', false, 'The source is too large',
    'Narrow the scope with `schemas` or `prefix`.'),
  'server-error': defineProblem(502, 'server', true, 'Server error',
    'Look up `native_code` in the documentation of the server.'),

  // Permissions.
  'permission-denied': defineProblem(502, 'permissions', false, 'Permission denied',
    'Grant the account the privilege that the server asks for.'),
  'privileges-missing': defineProblem(502, 'permissions', false, 'Missing privileges',
    'Grant the account the missing privileges.'),
  'over-privileged': defineProblem(502, 'permissions', false, 'More privileges than needed',
    'Use an account with fewer privileges.'),

  // Mooring.
  internal: defineProblem(500, 'mooring', false, 'Internal error',
    'Report the problem with its request_id.'),
  unavailable: defineProblem(503, 'mooring', true, 'Service unavailable',
    'Try again in a few seconds.'),
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problems;

export const problemCodes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];

/** The problems of a source, or of the path to it. */
export const sourceProblems: readonly ProblemCode[] = problemCodes.filter(
  (code) => problems[code].status === 502 || problems[code].status === 504,
);

/** One field of a request that is wrong. */
export interface FieldError {
  readonly path: string;
  readonly expected: string;
  /** The broken rule, for code that handles rules differently: `missing`, `unknown`, `json`, or the name of valibot's rule. */
  readonly rule?: string;
}

/** Further details of a problem. All of them are safe for a caller to see. */
export interface ProblemExtras {
  /** Overrides the HTTP status of the code. */
  readonly status?: number;
  readonly errors?: readonly FieldError[];
  /** The part of the request that `errors` refer to. Absent if they refer to the request as a whole. */
  readonly requestPart?: 'path' | 'query' | 'header' | 'body';
  /** A remediation that is more specific than the one of the code. */
  readonly remediation?: string;
  /** The source's own code: SQLSTATE, errno, ORA-…, an HTTP status. */
  readonly native_code?: string;
  /** The step of a test that failed. */
  readonly step?: string;
  readonly steps?: readonly object[];
  readonly usages?: readonly object[];
  /** Headers of the answer, such as Allow and Retry-After. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A failure that a caller may see. Any other error becomes `internal`. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail?: string, { cause, ...extras }: ProblemExtras & ErrorOptions = {}) {
    super(detail ?? problems[code].title, { cause });
    this.name = 'Problem';
    this.code = code;
    this.extras = extras;
  }
}
