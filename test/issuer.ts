import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** A token issuer on loopback: it publishes its configuration and one key. */
export const startIssuer = async (alg = 'ES256') => {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg, use: 'sig' };
  let asked = 0;
  let ill = false;
  let moved = false;
  const server = createServer(({ url }, answer) => {
    asked += 1;
    const documents: Readonly<Record<string, object>> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/keys` },
      '/moved': { issuer, jwks_uri: `${issuer}/keys` },
      '/keys': { keys: [key] },
    };
    if (moved && url === '/.well-known/openid-configuration') {
      answer.writeHead(302, { location: '/moved', connection: 'close' }).end();
      return;
    }
    const document = ill ? undefined : documents[url ?? ''];
    answer.writeHead(document ? 200 : 500, { 'content-type': 'application/json', connection: 'close' });
    answer.end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // the server listens on a port
  const issuer = `http://127.0.0.1:${port}`;
  const audience = 'mooring-test';

  return {
    issuer,
    audience,
    publicKey: key,
    asked: () => asked,
    /** While failing, the issuer answers every request with status 500. */
    fail: (failing: boolean) => {
      ill = failing;
    },
    /** From now on, the configuration URL redirects to another URL, which answers. */
    redirect: () => {
      moved = true;
    },
    sign: (
      claims: JWTPayload,
      as: { readonly alg?: string; readonly key?: CryptoKey; readonly kid?: string } = {},
    ) =>
      new SignJWT({ iss: issuer, aud: audience, sub: 'somebody', exp: inAnHour(), ...claims })
        .setProtectedHeader({ alg: as.alg ?? alg, kid: as.kid ?? 'one' })
        .sign(as.key ?? privateKey),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
