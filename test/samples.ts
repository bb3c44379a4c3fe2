/** The body of a create that is right in itself; nothing listens where it points. */
export const draft = () => ({
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

/** Framed as they should be, and with nothing in them. */
export const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
export const privateKey = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
