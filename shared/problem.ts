export type Blame = 'request' | 'credentials' | 'permissions' | 'server' | 'network' | 'mooring';

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
  'invalid-request': defineProblem(400, 'request', false, 'The request is not valid',
    'Send each path named in `errors` as it says.'),
  'invalid-cursor': defineProblem(400, 'request', false, 'The cursor is not valid',
    'Start again without a cursor.'),
  'unknown-connector': defineProblem(400, 'request', false, 'There is no such connector',
    'Take a type from GET /v1/connectors.'),
  'credentials-required': defineProblem(400, 'request', false, 'Credentials are required',
    'Send all fields of one auth method; GET /v1/connectors/{type} lists them.'),
  unauthenticated: defineProblem(401, 'request', false, 'Who is calling is not known',
    'Send `Authorization: Bearer` with a valid API key (sk_…) or a token of the configured issuer.'),
  forbidden: defineProblem(403, 'request', false, 'The caller may not do this',
    'Use a key or token with the scope named in `detail`, for this environment.'),
  'not-found': defineProblem(404, 'request', false, 'There is no such thing here',
    'Check the path, the id and X-Environment-Id.'),
  'method-not-allowed': defineProblem(405, 'request', false, 'This method is not allowed here',
    'Use a method that the Allow header names.'),
  'name-taken': defineProblem(409, 'request', false, 'The name is taken',
    'Choose another name, or rename or delete the other connection.'),
  'in-use': defineProblem(409, 'request', false, 'The connection is in use',
    'Remove the usages first: DELETE …/usages/{consumer}.'),
  'precondition-failed': defineProblem(412, 'request', false, 'The connection has changed meanwhile',
    'Read the connection again, and repeat the change with its new ETag.'),
  'payload-too-large': defineProblem(413, 'request', false, 'The body is too large',
    'Send less.'),
  'unsupported-media-type': defineProblem(415, 'request', false, 'The content type is not supported',
    'Send `Content-Type: application/json`.'),
  'idempotency-key-reused': defineProblem(422, 'request', false, 'The Idempotency-Key was used for another request',
    'Use a new key for a new request.'),
  'secret-not-shared': defineProblem(422, 'request', false, 'The secret is not shared with this organisation',
    'Tag the secret with mooring:tenant (organisation/environment), mooring:host (every host that the connection names) and, for less than verify-full, mooring:tls; let the probe’s role read it.'),
  'quota-exceeded': defineProblem(429, 'request', true, 'Too many requests of this kind',
    'Wait as long as Retry-After says.'),

  // The path to the source.
  'host-not-found': defineProblem(502, 'network', true, 'The host name cannot be resolved',
    'Check the spelling; a private name must be resolvable from the VPC of the probe.'),
  'host-forbidden': defineProblem(502, 'network', false, 'The host may not be dialled',
    'Use an address that the deployment allows, or have its policy changed.'),
  'connection-refused': defineProblem(502, 'network', true, 'The connection was refused',
    'Check the port, that the server runs and listens on this address, and its firewall.'),
  'connection-reset': defineProblem(502, 'network', true, 'The connection was closed by the other side',
    'Check that the port speaks this connector’s protocol, and allow-lists of proxies and firewalls.'),
  unreachable: defineProblem(502, 'network', true, 'The host cannot be reached',
    'Check routing, peering and security groups between the probe and the host.'),
  timeout: defineProblem(504, 'network', true, 'There was no answer in time',
    'Allow the addresses that `vantage` names in the firewall or security group, or raise the time-out.'),

  // TLS.
  'tls-off': defineProblem(502, 'server', false, 'The connection is not encrypted',
    'Set ssl_mode to verify-full.'),
  'tls-unverified': defineProblem(502, 'server', false, 'The server’s identity is not verified',
    'Set ssl_mode to verify-full, with ssl.ca where the authority is a private one.'),
  'password-in-clear': defineProblem(502, 'request', false, 'The password travels in clear',
    'Turn TLS on at the server, set ssl_mode to verify-full, and change the password then: whoever listened has it.'),
  'tls-required': defineProblem(502, 'request', false, 'The server insists on TLS',
    'Set ssl_mode to require or better.'),
  'tls-unsupported': defineProblem(502, 'server', false, 'The server does not offer TLS',
    'Turn TLS on at the server, or set ssl_mode to prefer or disable.'),
  'certificate-unreadable': defineProblem(502, 'request', false, 'A certificate or key cannot be read',
    'Send the whole PEM, from BEGIN to END, and a key without a passphrase that fits the certificate.'),
  'certificate-untrusted': defineProblem(502, 'server', false, 'The server’s certificate is not trusted',
    'Send the authority’s certificate as ssl.ca (`rds` for Amazon RDS).'),
  'certificate-expired': defineProblem(502, 'server', false, 'The server’s certificate has expired',
    'Renew the certificate of the server.'),
  'certificate-hostname-mismatch': defineProblem(502, 'server', false, 'The server’s certificate is for another host',
    'Use a host name that the certificate holds, or set ssl_mode to verify-ca.'),
  'client-certificate-required': defineProblem(502, 'credentials', false, 'The server wants a client certificate',
    'Send ssl.cert and ssl.key of a certificate that the server accepts.'),

  // Credentials.
  'authentication-failed': defineProblem(502, 'credentials', false, 'The credentials were refused',
    'Check the user name and send the credentials again.'),
  'credentials-locked': defineProblem(502, 'credentials', false, 'The credentials are locked',
    'Send the credentials again, or put the destination back.'),
  'credentials-expired': defineProblem(502, 'credentials', false, 'The credentials have expired',
    'Renew the credentials at the source and send them.'),
  'account-locked': defineProblem(502, 'credentials', false, 'The account is locked',
    'Have an administrator unlock it.'),

  // The server.
  'database-not-found': defineProblem(502, 'request', false, 'There is no such database',
    'Check the name.'),
  'too-many-connections': defineProblem(502, 'server', true, 'The server has no connection left',
    'Close idle connections or raise the limit.'),
  'unsupported-version': defineProblem(502, 'server', false, 'The server is too old',
    'Upgrade the server.'),
  'protocol-mismatch': defineProblem(502, 'request', false, 'The server does not speak this protocol',
    'Check host, port and connector type.'),
  'source-too-large': defineProblem(502, 'server', false, 'The source is too large',
    'Narrow the scope with schemas or prefix.'),
  'server-error': defineProblem(502, 'server', true, 'The server reported an error',
    'Look native_code up in the server’s documentation.'),

  // Permissions.
  'permission-denied': defineProblem(502, 'permissions', false, 'The account may not do this',
    'Grant it what `remediation` says.'),
  'privileges-missing': defineProblem(502, 'permissions', false, 'Privileges are missing',
    'Grant it what `remediation` says.'),
  'over-privileged': defineProblem(502, 'permissions', false, 'The account may do more than it needs',
    'Use an account with fewer privileges.'),

  // Mooring.
  internal: defineProblem(500, 'mooring', false, 'Something went wrong inside Mooring',
    'Report it with the request_id.'),
  unavailable: defineProblem(503, 'mooring', true, 'Mooring is not available right now',
    'Try again a little later.'),
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
  readonly place?: 'path' | 'query' | 'header' | 'body';
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
