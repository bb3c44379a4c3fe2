import { toCanonicalHost } from '../../network/to-canonical-host.ts';

/** What an event of Amazon RDS names: an identifier that is unique in its account and region for its kind of source. */
export interface RdsSource {
  readonly region: string;
  /** Of a DB instance, a cluster or a proxy. */
  readonly identifier: string;
}

/**
 * Parses the endpoint of a DB instance, a cluster or a proxy. Returns `undefined` for any other host, such as a custom domain name. The
 * name of a custom endpoint is not the identifier of its cluster, but may be the same.
 * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
 */
export const parseRdsEndpoint = (host: string): RdsSource | undefined => {
  const name = toCanonicalHost(host);
  const [, identifier, standardRegion, chinaRegion] = (name && rdsEndpoint.exec(name)) || [];
  const region = standardRegion ?? chinaRegion;
  return identifier === undefined || region === undefined ? undefined : { region, identifier };
};

/** In China the region follows `rds`: https://docs.amazonaws.cn/en_us/AmazonRDS/latest/UserGuide/CHAP_CommonTasks.Connect.html */
const rdsEndpoint =
  /^([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)\.(?:(?:cluster-(?:ro-|custom-)?|proxy-|custom-?)?[a-z0-9]{4,40})\.(?:([a-z]{2}(?:-[a-z]+){1,3}-\d{1,2})\.rds\.amazonaws\.com(?:\.cn)?|rds\.([a-z]{2}(?:-[a-z]+){1,3}-\d{1,2})\.amazonaws\.com\.cn)$/;
