/** A valid body for a create request. No server listens at its address. */
export const createConnectionBody = () => ({
  name: 'Sales',
  type: 'postgresql',
  config: {
    host: '127.0.0.1',
    port: 1,
    database: 'shop',
    username: 'reader',
    password: 'not-a-real-password',
  },
  options: { ssl_mode: 'prefer' },
});

/** PEM blocks with valid framing and no content. */
export const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
export const privateKey = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
