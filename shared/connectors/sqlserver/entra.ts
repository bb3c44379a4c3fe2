import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:tls';
import type { Dialer } from '../../network/dialer.ts';
import { parseForeignJson } from '../../network/http/parse-foreign-json.ts';
import { readWholeText } from '../../network/http/read-whole-text.ts';
import { Problem } from '../../problem.ts';
import { readErrorFields } from '../failure-table.ts';
import { entraAuthority } from './entra-authority.ts';

type EntraApplication = Readonly<Partial<Record<'tenant_id' | 'client_id' | 'client_secret', string>>>;

/**
 * Requests a token of Microsoft Entra for Azure SQL with the application's secret. The certificate of Microsoft's host is always verified,
 * whatever the connection's `ssl_mode`. Not verified against Microsoft Entra.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export const requestEntraToken = async (
  { tenant_id = '', client_id = '', client_secret = '' }: EntraApplication,
  dialer: Dialer,
): Promise<string> => {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id,
    client_secret,
    scope: 'https://database.windows.net/.default',
  }).toString();
  const socket = await dialer.tcp({ host: entraAuthority, port: 443 });
  const tokenRequest = request({
    method: 'POST',
    host: entraAuthority,
    path: `/${encodeURIComponent(tenant_id)}/oauth2/v2.0/token`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(form),
    },
    agent: false,
    createConnection: () => connect({ socket, servername: entraAuthority, ALPNProtocols: ['http/1.1'] }),
    signal: dialer.signal,
  });
  try {
    tokenRequest.end(form);
    const [answer]: IncomingMessage[] = await once(tokenRequest, 'response');
    if (!answer) throw new Problem('protocol-mismatch');
    return parseEntraToken(answer.statusCode ?? 0, await readWholeText(answer, MAX_ENTRA_ANSWER_BYTES));
  } finally {
    tokenRequest.destroy();
    socket.destroy();
  }
};

const MAX_ENTRA_ANSWER_BYTES = 256 * 2 ** 10;

/**
 * If the answer is an error, throws a problem with its code, never with its text.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export const parseEntraToken = (status: number, body: string): string => {
  const { access_token, error_codes } = readErrorFields(parseForeignJson(body));
  if (status === 200 && typeof access_token === 'string' && access_token !== '') return access_token;
  const number: unknown = Array.isArray(error_codes) ? error_codes[0] : undefined;
  if (status >= 500 || status === 200)
    throw new Problem('server-error', undefined, {
      native_code: `HTTP ${status}`,
      remediation: 'Microsoft Entra did not issue a token. Try again in a minute.',
    });
  const native = typeof number === 'number' ? `AADSTS${number}` : `HTTP ${status}`;
  if (status === 429)
    throw new Problem('server-error', undefined, {
      native_code: native,
      remediation: 'Microsoft Entra limits the request rate. Try again in a minute.',
    });
  if (native === 'AADSTS7000222')
    throw new Problem('credentials-expired', undefined, {
      native_code: native,
      remediation:
        'The client secret has expired. Create a new one in Microsoft Entra and send it as client_secret.',
    });
  throw new Problem('authentication-failed', undefined, {
    native_code: native,
    remediation: 'Microsoft Entra rejected the application. Check tenant_id, client_id and client_secret.',
  });
};
