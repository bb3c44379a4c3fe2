import { http } from '../http.ts';
import { kafka } from '../kafka.ts';
import type { Protocol } from '../recorder.ts';
import type { StandIn } from '../stand-in.ts';

/** Confluent's schema registry without any schema. */
const registry = http({ answer: () => ({ status: 200, body: '[]' }) });

/** A broker and a registry on one port. The first byte from the client selects one of them. */
const brokerAndRegistry: Protocol = async (line) => {
  const first = await new Promise<Buffer>((resolve, reject) => {
    line.socket.once('data', resolve).once('close', () => reject(new Error('closed')));
  });
  line.socket.pause();
  line.socket.unshift(first);
  const speaking = (first[0] === 'G'.charCodeAt(0) ? registry : kafka)(line);
  line.socket.resume();
  await speaking;
};

const sasl = (sasl_mechanism: string) => ({ sasl_username: 'me', sasl_mechanism });

export const standIn: StandIn = {
  own: kafka,
  registry,
  logins: { registry: [{ server: brokerAndRegistry }] },
  receives: [
    {
      tls: 'trusted',
      asks: 'clear',
      secrets: { sasl_password: 'clear', schema_registry_password: 'clear' },
      fields: sasl('PLAIN'),
    },
    {
      tls: 'trusted',
      asks: 'clear',
      secrets: { sasl_password: 'proof', schema_registry_password: 'clear' },
      fields: sasl('SCRAM-SHA-256'),
    },
    { tls: 'trusted', asks: 'clear', secrets: { sasl_password: 'proof' }, fields: sasl('SCRAM-SHA-512') },
    { tls: 'off', asks: 'clear', secrets: { sasl_password: 'clear' }, fields: sasl('PLAIN') },
    { tls: 'trusted', asks: 'clear', secrets: { ssl_key: 'proof' }, fields: { auth_method: 'certificate' } },
  ],
};
