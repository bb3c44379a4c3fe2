import { tableKeys } from '../../../domain/table-keys.ts';
import type { Probe, SavedTest } from '../../../ports/probe.ts';
import type { PortRequest } from './messages.ts';

/** The first request of a call about a connection: it reads the connection, and for a test also its health. */
export const toFirstRequest = (name: keyof Probe, call: object): PortRequest | undefined => {
  if (!('id' in call) || !('tenant' in call)) return undefined;
  const { id, tenant } = call as SavedTest;
  const key = tableKeys.connection(tenant, id);
  return name === 'test'
    ? { port: 'store', method: 'getMany', parameters: [[key, tableKeys.health(tenant, id)]] }
    : { port: 'store', method: 'get', parameters: [key] };
};
