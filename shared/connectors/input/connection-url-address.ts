import {
  checkSingleScheme,
  decodePercentEncoded,
  refuseConnectionString,
  type UrlParts,
} from './connection-string-parts.ts';

/** Fields that a connection string sets, by name. */
export type UrlFields = Readonly<Record<string, unknown>>;

/** The names of the fields that the parts of an address set. */
export interface AddressTemplate {
  readonly user: string;
  readonly password: string;
  readonly host: string;
  /** `port`, or the only number that is accepted, or '' if no port is. */
  readonly port: string;
  readonly path: readonly string[];
}

/** Parses `username:password@host:port/database`. */
export const parseAddressTemplate = (text: string): AddressTemplate => {
  const [match, user = '', password = '', host = '', port = '', path = ''] =
    /^(\w+):(\w+)@(\w+)(?::(port|\d+))?(?:\/(\w+(?:\/\w+)*))?$/.exec(text) ?? [];
  if (match === undefined) throw new Error('address: expected the form username:password@host:port/database');
  return { user, password, host, port, path: path === '' ? [] : path.split('/') };
};

/** Lists the fields in the order in which errors name them, wherever the string sets them. A field stands beside one that it excludes. */
export const listUnsetFields = (
  { host, path, user, password }: AddressTemplate,
  exclusive: readonly (readonly [string, string])[] = [],
): UrlFields =>
  Object.fromEntries(
    [host, 'port', ...path, user, password]
      .flatMap((name) => [name, ...exclusive.flatMap(([one, other]) => (one === name ? other : []))])
      .map((name) => [name, undefined]),
  );

/** Reads the fields of an address. An empty part sets no field. */
export const readUrlAddress = (
  url: UrlParts,
  template: AddressTemplate,
  form: string,
  readHosts?: (url: UrlParts, refuseForm: () => never) => UrlFields,
): UrlFields => {
  const [user = '', ...rest] = url.login.split(':');
  const fields = {
    ...(readHosts ? readSeveralHosts(url, readHosts, form) : readSingleHost(url, template, form)),
    ...readUrlPath(url.path, template.path, form),
    [template.user]: decodePercentEncoded(user),
    [template.password]: decodePercentEncoded(rest.join(':')),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
};

const readSeveralHosts = (
  url: UrlParts,
  readHosts: (url: UrlParts, refuseForm: () => never) => UrlFields,
  form: string,
): UrlFields => {
  const refuseForm = () => refuseConnectionString(form);
  checkSingleScheme(url.place, url.path);
  // Clients that know several hosts refuse a second colon in the login.
  if (url.place === '' || /:.*:/.test(url.login)) refuseForm();
  return readHosts(url, refuseForm);
};

const readSingleHost = ({ place, path }: UrlParts, template: AddressTemplate, form: string): UrlFields => {
  const [, bracketed, bare = '', port = ''] =
    /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d{0,5}))?$/.exec(place) ?? refuseConnectionString(form);
  checkSingleScheme(bare, path);
  const host = { [template.host]: decodePercentEncoded(bracketed ?? bare) };
  if (template.port === 'port') return { ...host, port };
  if (port !== '' && template.port === '') refuseConnectionString(`no port: ${form}`);
  if (port !== '' && port !== template.port) refuseConnectionString(`the port ${template.port} or none`);
  return host;
};

const readUrlPath = (path: string, names: readonly string[], form: string): UrlFields => {
  if (names.length === 0 && path !== '') refuseConnectionString(`no path: ${form}`);
  const segments = names.length > 1 ? path.split('/') : [path];
  if (segments.length > names.length && path !== '') refuseConnectionString(form);
  return Object.fromEntries(names.map((name, at) => [name, decodePercentEncoded(segments[at] ?? '')]));
};
