import type { FieldError } from '../../problem.ts';
import type { Connector } from '../connector.ts';

/** `security_protocol` says whether the listener uses TLS and SASL; `ssl_mode` and the auth method must agree with it. */
export const findKafkaContradictions: NonNullable<Connector['contradictions']> = ({
  config,
  auth_method,
  ssl_mode,
}) => {
  const protocol = config['security_protocol'];
  if (typeof protocol !== 'string') return [];
  const speaksTls = protocol.endsWith('SSL');
  const speaksSasl = protocol.startsWith('SASL_');
  const found: FieldError[] = [];
  if (speaksTls && ssl_mode === 'disable')
    found.push({
      path: 'options.ssl_mode',
      expected: 'a mode other than disable: config.security_protocol requires TLS',
    });
  if (!speaksTls && ssl_mode !== undefined && ssl_mode !== 'disable' && ssl_mode !== 'prefer')
    found.push({
      path: 'options.ssl_mode',
      expected: 'prefer or disable: config.security_protocol does not use TLS',
    });
  if (speaksSasl && auth_method !== 'sasl')
    found.push({
      path: 'config.security_protocol',
      expected: 'SSL or PLAINTEXT, unless credentials.sasl_username and credentials.sasl_password are sent',
    });
  // SASL credentials with `SSL` are safe, and the broker says whether it accepts them.
  if (protocol === 'PLAINTEXT' && auth_method === 'sasl')
    found.push({
      path: 'config.security_protocol',
      expected: 'SASL_SSL or SASL_PLAINTEXT: credentials.sasl_mechanism requires SASL',
    });
  if (!speaksTls && auth_method === 'certificate')
    found.push({ path: 'config.security_protocol', expected: 'SSL: a client certificate requires TLS' });
  return found;
};
