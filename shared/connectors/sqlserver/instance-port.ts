import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';

/**
 * Asks SQL Server Browser for the port of an instance. Only the port of its answer is used: the host stays `config.host`.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-sqlr
 */
export const resolveInstancePort = async (
  host: string,
  instance: string,
  dialer: Dialer,
): Promise<number> => {
  const answer = await dialer.udp({ host, port: SQLSERVER_BROWSER_PORT }, encodeInstanceRequest(instance));
  return dialer.step('connect', async () => {
    if (!answer) throw createBrowserTimeoutProblem();
    return parseInstancePort(answer, instance);
  });
};

const SQLSERVER_BROWSER_PORT = 1434;

/** CLNT_UCAST_INST: a type byte, the name, a NUL. */
const encodeInstanceRequest = (instance: string): Buffer => Buffer.from(`\x04${instance}\0`, 'latin1');

/** SVR_RESP: a type byte, a length, and pairs of name and value that end with two semicolons; at most 1024 bytes. */
const parseInstancePort = (answer: Buffer, instance: string): number => {
  const length = answer.length < 3 ? -1 : answer.readUInt16LE(1);
  if (
    answer[0] !== SQLSERVER_BROWSER_RESPONSE ||
    length !== answer.length - 3 ||
    length > MAX_BROWSER_ANSWER_BYTES
  )
    throw createNotBrowserProblem();
  const fields = parseInstanceFields(answer.toString('latin1', 3));
  if (fields.get('instancename')?.toLowerCase() !== instance.toLowerCase()) throw createNotBrowserProblem();
  const port = fields.get('tcp');
  if (port === undefined) throw createTcpDisabledProblem();
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw createNotBrowserProblem();
  return Number(port);
};

const SQLSERVER_BROWSER_RESPONSE = 0x05;
const MAX_BROWSER_ANSWER_BYTES = 1024;

const parseInstanceFields = (text: string): ReadonlyMap<string, string> => {
  const words = text.split(';');
  return new Map(
    words.flatMap((word, at) =>
      at % 2 === 0 && word !== '' ? [[word.toLowerCase(), words[at + 1] ?? ''] as const] : [],
    ),
  );
};

/** SQL Server Browser sends no answer if it does not know the instance. */
const createBrowserTimeoutProblem = () =>
  new Problem('timeout', 'SQL Server Browser did not answer with the port of the instance', {
    remediation:
      'SQL Server Browser (UDP 1434) is not running, is not reachable, or knows no instance of this name. Set port instead of instance, or start SQL Server Browser and open its UDP port.',
  });

const createTcpDisabledProblem = () =>
  new Problem('server-error', 'The instance does not listen on TCP', {
    remediation:
      'Enable TCP/IP for the instance in SQL Server Configuration Manager and restart the instance.',
  });

const createNotBrowserProblem = () =>
  new Problem('protocol-mismatch', 'Expected SQL Server Browser on UDP 1434', {
    remediation: 'Set port instead of instance, or check which program uses UDP 1434 on the host.',
  });
