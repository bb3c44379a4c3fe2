// How one gets in: the greeting, and O5LOGON with the verifier of 12c.
import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { accounts } from './accounts.mjs';
import { u16 } from './packets.mjs';
import { LOGON_FIRST, LOGON_SECOND } from './ttc-read.mjs';
import { failure, pairs } from './ttc-write.mjs';

const compileCaps = Buffer.alloc(45); compileCaps[7] = 12; // field version 19.1
const runtimeCaps = Buffer.alloc(7); runtimeCaps[1] = 1; runtimeCaps[6] = 4; // a time zone before the data types; 32k strings
const fdo = Buffer.alloc(11); fdo.writeUInt16BE(2000, 9); // national character set AL16UTF16
const block = (b) => Buffer.concat([Buffer.from([b.length]), b]);
export const protocol = Buffer.concat([Buffer.from([1, 6, 0]), Buffer.from('x86_64/Linux 2.4.xx\0'), Buffer.from([0x69, 0x03, 1, 0, 0]), u16(fdo.length), fdo, block(compileCaps), block(runtimeCaps)]);
export const dataTypes = Buffer.from([2, 0x80, 0, 0, 0, 60, 60, 60, 0x80, 0, 0, 0, 0, 0]); // DBTIMEZONE +00:00, no conversions

const aes = (create, key, value) => { const c = create('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false); return Buffer.concat([c.update(value), c.final()]); };
const hex = (b) => b.toString('hex').toUpperCase();

/** Answers the two halves of a logon; `user` is there after the second, unless it was refused. */
export const createLogon = () => {
  let asked;
  const first = ({ user }) => { // an account that is not there is asked all the same
    const salt = randomBytes(16), serverKey = randomBytes(32), mix = randomBytes(16);
    const passwordKey = pbkdf2Sync(accounts[user]?.password ?? randomBytes(8), Buffer.concat([salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]), 4096, 64, 'sha512');
    asked = { user, serverKey, mix, verifier: createHash('sha512').update(passwordKey).update(salt).digest().subarray(0, 32) };
    return { answer: pairs([['AUTH_SESSKEY', hex(aes(createCipheriv, asked.verifier, serverKey))], ['AUTH_VFR_DATA', hex(salt), user === 'MOORING_10G' ? 0x939 : 0x4815],
      ['AUTH_PBKDF2_CSK_SALT', hex(mix)], ['AUTH_PBKDF2_VGEN_COUNT', '4096'], ['AUTH_PBKDF2_SDER_COUNT', '3']]) };
  };
  const second = ({ values }) => {
    const { user, serverKey, mix, verifier } = asked;
    const clientKey = aes(createDecipheriv, verifier, Buffer.from(values.AUTH_SESSKEY, 'hex'));
    const combined = pbkdf2Sync(hex(Buffer.concat([clientKey.subarray(0, 32), serverKey])), mix, 3, 32, 'sha512');
    const plain = aes(createDecipheriv, combined, Buffer.from(values.AUTH_PASSWORD, 'hex'));
    const account = accounts[user];
    if (account?.password !== plain.subarray(16, plain.length - plain.at(-1)).toString()) return { refusal: failure([1017, 'invalid username/password; logon denied']) };
    if (account.refused) return { refusal: failure(account.refused) };
    return { user, answer: pairs([['AUTH_VERSION_NO', String(0x13180000)], ['AUTH_SC_SERVICE_NAME', 'shop'], ['AUTH_INSTANCENAME', 'shop'], ['AUTH_SC_DBUNIQUE_NAME', 'shop'],
      ['AUTH_DBNAME', 'SHOP'], ['AUTH_MAX_IDEN_LENGTH', '128'], ['AUTH_SESSION_ID', '1'], ['AUTH_SERIAL_NUM', '1'],
      ['AUTH_SVR_RESPONSE', hex(aes(createCipheriv, combined, Buffer.concat([randomBytes(16), Buffer.from('SERVER_TO_CLIENT'), Buffer.alloc(16, 16)])))]]) };
  };
  return (call) => (call.code === LOGON_FIRST ? first(call) : call.code === LOGON_SECOND && asked ? second(call) : { refusal: failure([1012, 'not logged on']) });
};
