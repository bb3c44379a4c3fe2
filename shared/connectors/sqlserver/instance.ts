import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';

/**
 * Asks SQL Server Browser for the port of an instance. Only the port of its answer is used: the host stays `config.host`.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-sqlr
 */
export const portOf = async (host: string, instance: string, dialer: Dialer): Promise<number> => {
  const answer = await dialer.udp({ host, port: browser }, question(instance));
  return dialer.step('connect', async () => {
    if (!answer) throw silent();
    return portIn(answer, instance);
  });
};

const browser = 1434;

/** CLNT_UCAST_INST: a type byte, the name, a NUL. */
const question = (instance: string): Buffer => Buffer.from(`\x04${instance}\0`, 'latin1');

/** SVR_RESP: a type byte, a length, and pairs of name and value that end with two semicolons; at most 1024 bytes. */
const portIn = (answer: Buffer, instance: string): number => {
  const length = answer.length < 3 ? -1 : answer.readUInt16LE(1);
  if (answer[0] !== response || length !== answer.length - 3 || length > mostBytes) throw foreign();
  const fields = fieldsOf(answer.toString('latin1', 3));
  if (fields.get('instancename')?.toLowerCase() !== instance.toLowerCase()) throw foreign();
  const port = fields.get('tcp');
  if (port === undefined) throw withoutTcp();
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw foreign();
  return Number(port);
};

const response = 0x05;
const mostBytes = 1024;

const fieldsOf = (text: string): ReadonlyMap<string, string> => {
  const words = text.split(';');
  return new Map(
    words.flatMap((word, at) =>
      at % 2 === 0 && word !== '' ? [[word.toLowerCase(), words[at + 1] ?? ''] as const] : [],
    ),
  );
};

/** SQL Server Browser sends no answer if it does not know the instance. */
const silent = () =>
  new Problem('timeout', 'SQL Server Browser did not say where the instance listens', {
    remediation:
      'SQL Server Browser (UDP 1434) is not running, not reachable, or knows no instance of this name: name the port in place of the instance, or start it and open its port.',
  });

const withoutTcp = () =>
  new Problem('server-error', 'The instance does not listen on TCP', {
    remediation:
      'Enable TCP/IP for the instance in SQL Server Configuration Manager, and restart the instance.',
  });

const foreign = () =>
  new Problem('protocol-mismatch', 'Expected SQL Server Browser; something else answered on UDP 1434');
