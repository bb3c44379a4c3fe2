import { tableKeys } from '../domain/table-keys.ts';
import { upgradeItem } from '../domain/stored-item.ts';
import type { Tenant } from '../domain/access/tenant.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReadStore } from '../ports/store.ts';
import { Problem } from '../problem.ts';
import type { TokenSettings } from '../settings.ts';

export const apiScopes = [
  'connections:read',
  'connections:write',
  'connections:test',
  'webhooks:write',
] as const;
export type ApiScope = (typeof apiScopes)[number];

/** The sender of a request, with their scopes and environments. */
export interface Caller {
  /** The id of the API key, or the subject of the token. */
  readonly id: string;
  readonly org: string;
  /** `null` means all environments. */
  readonly environments: readonly string[] | null;
  readonly scopes: readonly string[];
}

export interface AuthenticatorDependencies {
  readonly store: ReadStore;
  readonly clock: Clock;
  readonly tokens?: TokenSettings | undefined;
}

/** The scopes of a key that was stored without scopes. A later scope is not added: nobody decided that such a key has it. */
export const defaultKeyScopes: readonly ApiScope[] = [
  'connections:read',
  'connections:write',
  'connections:test',
];

const API_KEY_CACHE_MS = 60_000;
const MAX_CACHED_API_KEYS = 1000;

/** Creates a function that authenticates callers by API key or token. Caches API keys for a minute, so that a revoked key works that much longer. */
export const createAuthenticator = ({ store, clock, tokens }: AuthenticatorDependencies) => {
  const cachedCallers = new Map<string, { caller: Caller; until: number }>();
  const authenticateKey = async (key: string): Promise<Caller> => {
    const { pk } = tableKeys.apiKey(key);
    const cached = cachedCallers.get(pk);
    if (cached && cached.until > clock()) return cached.caller;
    cachedCallers.delete(pk);
    const found = await store.get(tableKeys.apiKey(key));
    if (!found)
      throw new Problem('unauthenticated', 'The API key is unknown or revoked', { headers: bearerChallenge });
    const item = upgradeItem('apiKey', found);
    const caller = {
      id: String(item['id']),
      org: String(item['org']),
      environments: parseStringList(item['environments']) ?? null,
      scopes: parseStringList(item['scopes']) ?? defaultKeyScopes,
    };
    if (cachedCallers.size >= MAX_CACHED_API_KEYS) cachedCallers.clear();
    cachedCallers.set(pk, { caller, until: clock() + API_KEY_CACHE_MS });
    return caller;
  };
  const authenticateToken = createTokenAuthenticator(tokens);

  return async (authorization: string | undefined): Promise<Caller> => {
    const [, credential] = /^Bearer +(\S{1,8192}) *$/i.exec(authorization ?? '') ?? [];
    if (!credential) {
      throw new Problem('unauthenticated', 'Authorization: expected `Bearer`, then an API key or a token', {
        headers: bearerChallenge,
      });
    }
    return credential.startsWith('sk_') ? authenticateKey(credential) : authenticateToken(credential);
  };
};

const bearerChallenge = { 'www-authenticate': 'Bearer' };

/** Verifies tokens with the issuer's keys, which `jose` caches for ten minutes. */
const createTokenAuthenticator = (tokens: TokenSettings | undefined) => {
  let verify: Promise<(token: string) => Promise<Record<string, unknown>>> | undefined;
  return async (token: string): Promise<Caller> => {
    if (!tokens) {
      throw new Problem('unauthenticated', 'This deployment accepts API keys (sk_…) only', {
        headers: bearerChallenge,
      });
    }
    verify ??= createTokenVerifier(tokens);
    let claims: Record<string, unknown>;
    try {
      claims = await (await verify)(token);
    } catch (error) {
      if (error instanceof Problem) {
        verify = undefined; // the next request asks the issuer again
        throw error;
      }
      throw new Problem('unauthenticated', 'The token is invalid or has expired', {
        cause: error,
        headers: bearerChallenge,
      });
    }
    const org = claims[tokens.organisation_claim];
    if (typeof org !== 'string' || !tenantSegmentPattern.test(org)) {
      throw new Problem('forbidden', `The claim ${tokens.organisation_claim} is required in the token`, {
        remediation:
          'Configure the token issuer to add the claim, with the id of the organisation as its value.',
      });
    }
    const environments = parseStringList(claims[tokens.environments_claim]) ?? [];
    return {
      id: typeof claims['sub'] === 'string' ? claims['sub'].slice(0, 200) : 'token',
      org,
      environments: environments.includes('*') ? null : environments,
      scopes: parseStringList(claims[tokens.scope_claim]) ?? [],
    };
  };
};

const createTokenVerifier = async (tokens: TokenSettings) => {
  const { createRemoteJWKSet, errors, jwtVerify } = await import('jose');
  const jwks = createRemoteJWKSet(new URL(tokens.jwks_uri ?? (await discoverJwksUri(tokens.issuer))), {
    cacheMaxAge: 600_000,
    timeoutDuration: 3000,
  });
  return async (token: string) => {
    try {
      const { payload } = await jwtVerify(token, jwks, {
        issuer: tokens.issuer,
        audience: tokens.audience,
        // No symmetric algorithms: with them, anyone could sign with the issuer's public keys.
        algorithms: [
          'RS256',
          'RS384',
          'RS512',
          'PS256',
          'PS384',
          'PS512',
          'ES256',
          'ES384',
          'ES512',
          'EdDSA',
          'Ed25519',
        ],
        requiredClaims: ['exp'],
      });
      return payload as Record<string, unknown>; // jose types only the registered claims
    } catch (error) {
      // If the issuer does not answer, the token may still be valid.
      const isVerdict = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
      if (isVerdict && error.code !== 'ERR_JOSE_GENERIC') throw error;
      throw new Problem('unavailable', 'The token issuer does not respond', { cause: error });
    }
  };
};

/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
const discoverJwksUri = async (issuer: string): Promise<string> => {
  try {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(3000), redirect: 'error' });
    const { jwks_uri: uri } = (await answer.json()) as { jwks_uri?: unknown };
    if (typeof uri === 'string') return uri;
  } catch (error) {
    throw new Problem('unavailable', 'The token issuer does not respond', { cause: error });
  }
  throw new Problem('unavailable', 'The token issuer does not publish its keys');
};

/** Parses a list, or words separated by spaces, as in OAuth scopes. */
const parseStringList = (value: unknown): string[] | undefined => {
  if (typeof value === 'string') return value.split(' ').filter(Boolean);
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : undefined;
};

/** The organisations and environments that table keys and secret names can contain. */
export const tenantSegmentPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Returns the tenant of a request. Throws `forbidden` if the caller has no access to the environment. */
export const resolveTenant = (caller: Caller, environment = 'default'): Tenant => {
  if (!tenantSegmentPattern.test(environment)) {
    const expected = 'up to 64 letters, digits, _ . or -';
    throw new Problem('invalid-request', `X-Environment-Id: expected ${expected}`, {
      errors: [{ path: 'X-Environment-Id', expected }],
    });
  }
  if (caller.environments && !caller.environments.includes(environment)) {
    throw new Problem('forbidden', 'Access to this environment is required', {
      remediation:
        'Use an API key or token with access to the environment, or change the header X-Environment-Id.',
    });
  }
  return { org: caller.org, environment };
};

/** Throws `forbidden` with the name of the missing scope. */
export const checkScope = (caller: Caller, scope: ApiScope) => {
  if (!caller.scopes.includes(scope)) throw new Problem('forbidden', `The scope ${scope} is required`);
};
