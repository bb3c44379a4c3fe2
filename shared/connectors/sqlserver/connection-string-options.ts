import { refuseConnectionString } from '../input/connection-string-parts.ts';
import { type TlsDemand } from '../input/resolve-tls-mode.ts';

export type SqlserverFields = ReadonlyMap<string, string>;

/** `encrypt` with `trustServerCertificate`: https://learn.microsoft.com/sql/connect/ado-net/encryption-and-certificate-validation */
export const toSqlserverTlsDemands = (
  encrypt: string | undefined,
  trust: string | undefined,
): readonly TlsDemand[] => {
  const trusts =
    trust === undefined
      ? undefined
      : (sqlserverBooleans.get(trust) ?? refuseConnectionString('as trustServerCertificate true or false'));
  const encryption =
    encrypt === undefined
      ? {}
      : (sqlserverEncryptModes.get(encrypt) ??
        refuseConnectionString(`as encrypt one of ${[...sqlserverEncryptModes.keys()].join(', ')}`));
  return [
    { option: 'encrypt', ...encryption },
    // `strict` always verifies the certificate.
    ...(trusts === true && encrypt !== 'strict'
      ? [{ option: 'trustServerCertificate', most: 'require', usual: 'require' } as const]
      : []),
    ...(trusts === false ? [{ option: 'trustServerCertificate', least: 'verify-full' } as const] : []),
  ];
};

const sqlserverBooleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

type SqlserverTlsDemand = Omit<TlsDemand, 'option'>;

const sqlserverTlsRequired: SqlserverTlsDemand = { least: 'require', usual: 'verify-full' };

const sqlserverTlsOptional: SqlserverTlsDemand = { most: 'prefer', usual: 'prefer' };

/** With encryption off, the drivers still encrypt the login if the server supports it, so that means `prefer`. */
const sqlserverEncryptModes: ReadonlyMap<string, SqlserverTlsDemand> = new Map<string, SqlserverTlsDemand>([
  ['true', sqlserverTlsRequired],
  ['yes', sqlserverTlsRequired],
  ['mandatory', sqlserverTlsRequired],
  ['strict', { least: 'verify-full' }],
  ['false', sqlserverTlsOptional],
  ['no', sqlserverTlsOptional],
  ['optional', sqlserverTlsOptional],
  ['disable', { most: 'disable' }],
]);

/** The field of each option name. Names with '' are accepted and have no effect: sessions here are short, without a pool. */
export const sqlserverFieldAliases: ReadonlyMap<string, string> = new Map(
  Object.entries({
    host: 'host',
    server: 'host',
    servername: 'host',
    datasource: 'host',
    port: 'port',
    portnumber: 'port',
    instance: 'instance',
    instancename: 'instance',
    database: 'database',
    databasename: 'database',
    initialcatalog: 'database',
    username: 'username',
    user: 'username',
    userid: 'username',
    uid: 'username',
    password: 'password',
    pwd: 'password',
    encrypt: 'encrypt',
    trustservercertificate: 'trust',
    logintimeout: 'timeout',
    connecttimeout: 'timeout',
    connectiontimeout: 'timeout',
    dialtimeout: 'timeout',
    applicationname: '',
    appname: '',
    applicationintent: '',
    connectionlimit: '',
    keepalive: '',
    multipleactiveresultsets: '',
    multisubnetfailover: '',
    packetsize: '',
    persistsecurityinfo: '',
    pooltimeout: '',
    schema: '',
    sendstringparametersasunicode: '',
    sockettimeout: '',
  }),
);
