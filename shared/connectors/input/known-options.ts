import { foldOptionName } from './connection-string-parts.ts';

// Only the parsers of connection strings load this file.

/**
 * Creates the set of option names that clients of one kind of source use. An error message repeats the name of a refused option only if it is
 * in this set; other options are reported by their position.
 */
export const createOptionSet = (...names: readonly string[]): ReadonlySet<string> =>
  new Set([commonOptions, ...names].flatMap((text) => text.trim().split(/\s+/).map(foldOptionName)));

/** Names that vulnerability scanners try, and names that all clients share. */
const commonOptions = `
  load_extension constructor user username password database host port server ssl tls sslmode ssl_mode sslca sslcert sslkey sslrootcert sslrootca
  ssl_ca_certs ssl_cert_reqs ssl_check_hostname ssl_verify_cert ssl_verify_identity connect_timeout timeout charset encoding schema
  application_name proxy proxy_host proxy_port proxy_user proxy_password ca cert key`;

/**
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS · https://jdbc.postgresql.org/documentation/use/ ·
 * https://www.npgsql.org/doc/connection-string-parameters.html · https://docs.aws.amazon.com/redshift/latest/mgmt/jdbc20-configuration-options.html
 */
export const libpqOptions: ReadonlySet<string> = createOptionSet(`
  hostaddr dbname passfile require_auth channel_binding client_encoding options fallback_application_name keepalives keepalives_idle
  keepalives_interval keepalives_count tcp_user_timeout replication gssencmode requiressl sslnegotiation sslcompression sslpassword sslcertmode
  sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version min_protocol_version max_protocol_version krbsrvname
  gsslib gssdelegation scram_client_key scram_server_key sslkeylogfile service servicefile target_session_attrs load_balance_hosts
  oauth_issuer oauth_client_id oauth_client_secret oauth_scope
  loginTimeout socketTimeout cancelSignalTimeout tcpKeepAlive sslfactory sslfactoryarg sslhostnameverifier sslpasswordcallback sslResponseTimeout
  currentSchema ApplicationName assumeMinServerVersion autosave binaryTransfer binaryTransferEnable binaryTransferDisable cleanupSavePoints
  databaseMetadataCacheFields defaultRowFetchSize disableColumnSanitiser escapeSyntaxCallMode gssEncMode hostRecheckSeconds jaasApplicationName
  jaasLogin kerberosServerName loadBalanceHosts localSocketAddress logUnclosedConnections loggerLevel loggerFile maxResultBuffer
  prepareThreshold preparedStatementCacheQueries preparedStatementCacheSizeMiB preferQueryMode protocolVersion readOnly readOnlyMode
  receiveBufferSize reWriteBatchedInserts sendBufferSize socketFactory socketFactoryArg stringtype targetServerType unknownLength useSpnego
  xmlFactoryFactory authenticationPluginClassName channelBinding
  connection_limit pool_timeout pgbouncer sslaccept sslidentity socket_timeout statement_cache_size single_use_connections
  supa workaround uselibpqcompat statement_timeout lock_timeout query_timeout idle_in_transaction_session_timeout max_lifetime_seconds
  prepared_statement_cache_size command_timeout direct_tls server_settings search_path pool_size max_overflow pool_mode sslinline
  Trust_Server_Certificate Root_Certificate SSL_Certificate SSL_Key SSL_Password Include_Error_Detail Search_Path Pooling Minimum_Pool_Size
  Maximum_Pool_Size Command_Timeout Internal_Command_Timeout Keepalive Multiplexing Persist_Security_Info Check_Certificate_Revocation
  AccessKeyID SecretAccessKey SessionToken IAMDuration AutoCreate DbUser DbGroups ForceLowercase ClusterID Region Plugin_Name IdP_Host IdP_Port
  Profile EndpointUrl Preferred_Role iamAuth cluster_identifier tcpKeepAliveMinutes blockingRowsMode databaseMetadataCurrentDbOnly
  workgroup workGroup serverlessWorkGroup serverlessAcctId`);

/**
 * https://dev.mysql.com/doc/connectors/en/connector-j-reference-configuration-properties.html · https://mariadb.com/docs/connectors ·
 * https://sidorares.github.io/node-mysql2/docs · https://github.com/go-sql-driver/mysql#parameters · https://pymysql.readthedocs.io
 */
export const mysqlOptions: ReadonlySet<string> = createOptionSet(`
  socket socketPath unix_socket local_infile allowLoadLocalInfile allowLoadLocalInfileInPath allowUrlInLocalInfile allowMultiQueries
  multipleStatements multiStatements autoDeserialize queryInterceptors statementInterceptors exceptionInterceptors connectionLifecycleInterceptors
  authenticationPlugins defaultAuthenticationPlugin disabledAuthenticationPlugins clientInfoProvider propertiesTransform socketFactory
  loadBalanceStrategy loadBalanceConnectionGroup serverConfigCacheFactory parseInfoCacheFactory queryInfoCacheFactory flags insecureAuth
  init_command initSQL sessionVariables connectionAttributes connectAttributes infileStreamFactory typeCast rowsAsArray dateStrings debug trace
  stringifyObjects supportBigNumbers bigNumberStrings decimalNumbers namedPlaceholders nestTables enableKeepAlive keepAliveInitialDelay
  waitForConnections queueLimit maxIdle idleTimeout
  sslMode useSSL requireSSL verifyServerCertificate trustServerCertificate disableSslHostnameVerification serverSslCert clientCertificateKeyStoreUrl
  clientCertificateKeyStorePassword clientCertificateKeyStoreType trustCertificateKeyStoreUrl trustCertificateKeyStorePassword
  trustCertificateKeyStoreType fallbackToSystemTrustStore fallbackToSystemKeyStore fipsCompliantJsse enabledTLSProtocols tlsVersions
  tlsCiphersuites enabledSslProtocolSuites enabledSslCipherSuites sslVerifyServerCert ssl_verify_server_cert ssl_cipher ssl_crl ssl_crlpath
  ssl_capath sslidentity sslpassword sslaccept servercertificate keyStore keyStorePassword trustStore trustStorePassword tls_version
  allowPublicKeyRetrieval serverRSAPublicKeyFile serverPublicKey allowCleartextPasswords allowFallbackToPlaintext allowNativePasswords
  allowOldPasswords enable_cleartext_plugin paranoid passwordCharacterEncoding credentialType ociConfigFile ociConfigProfile
  createDatabaseIfNotExist databaseTerm dnsSrv failOverReadOnly autoReconnect autoReconnectForPools maxReconnects initialTimeout
  retriesAllDown secondsBeforeRetrySource allowSourceDownConnections allowReplicaDownConnections readFromSourceWhenNoReplicas
  cachePrepStmts prepStmtCacheSize prepStmtCacheSqlLimit useServerPrepStmts rewriteBatchedStatements useCursorFetch defaultFetchSize
  useLocalSessionState elideSetAutoCommits cacheResultSetMetadata cacheServerConfiguration maintainTimeStats useCompression compress
  tinyInt1isBit transformedBitIsBoolean yearIsDateType zeroDateTimeBehavior serverTimezone connectionTimeZone forceConnectionTimeZoneToSession
  preserveInstants noDatetimeStringSync useLegacyDatetimeCode useTimezone characterEncoding characterSetResults connectionCollation useUnicode
  collation jdbcCompliantTruncation nullDatabaseMeansCurrent nullCatalogMeansCurrent useInformationSchema useOldAliasMetadataBehavior
  useAffectedRows interactiveClient maxRows maxQuerySizeToLog logger profileSQL profileSql slowQueryThresholdMillis dumpQueriesOnException
  includeInnodbStatusInDeadlockExceptions netTimeoutForStreamingResults socketTimeout connectTimeout tcpKeepAlive tcpNoDelay tcpRcvBuf tcpSndBuf
  tcpTrafficClass maxAllowedPacket columnsWithAlias interpolateParams checkConnLiveness clientFoundRows loc parseTime readTimeout writeTimeout
  rejectReadOnly timeTruncate charset serverPubKey read_timeout write_timeout autocommit sql_mode read_default_file read_default_group
  connection_limit pool_timeout pool poolsize pool_recycle reconnect encoding adapter permitMysqlScheme usePipelineAuth useBulkStmts restrictedAuth
  galeraAllowedState transactionReplay assureReadOnly validConnectionTimeout`);

/** https://www.mongodb.com/docs/manual/reference/connection-string-options/, with removed options and options of drivers. */
export const mongodbOptions: ReadonlySet<string> = createOptionSet(`
  appName authMechanism authMechanismProperties authSource autoEncryption bsonRegExp compressors connectTimeoutMS directConnection fsync
  gssapiServiceName heartbeatFrequencyMS ignoreUndefined journal j loadBalanced localThresholdMS maxConnecting maxIdleTimeMS maxPoolSize
  maxStalenessSeconds minPoolSize noDelay promoteBuffers promoteLongs promoteValues proxyHost proxyPassword proxyPort proxyUsername raw
  readConcern readConcernLevel readPreference readPreferenceTags replicaSet retryReads retryWrites safe serializeFunctions serverApi
  serverMonitoringMode serverSelectionTimeoutMS serverSelectionTryOnce slaveOk socketTimeoutMS srvMaxHosts srvServiceName sslCAFile
  sslCertificateKeyFile sslClientCertificateKeyFile sslClientCertificateKeyPassword sslPEMKeyFile sslPEMKeyPassword sslAllowInvalidCertificates
  sslAllowInvalidHostnames sslInvalidHostNameAllowed sslValidate sslVerifyCertificate tlsAllowInvalidCertificates tlsAllowInvalidHostnames
  tlsCAFile tlsCertificateFile tlsCertificateKeyFile tlsCertificateKeyFilePassword tlsCRLFile tlsDisableCertificateRevocationCheck
  tlsDisableOCSPEndpointCheck tlsInsecure useBigInt64 useNewUrlParser useUnifiedTopology uuidRepresentation w waitQueueMultiple
  waitQueueTimeoutMS wTimeoutMS wtimeout zlibCompressionLevel keepAlive keepAliveInitialDelay autoReconnect reconnectTries reconnectInterval
  poolSize timeoutMS maxAdaptiveRetries`);

/**
 * https://learn.microsoft.com/sql/connect/jdbc/setting-the-connection-properties ·
 * https://learn.microsoft.com/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring · https://github.com/microsoft/go-mssqldb#common-parameters
 */
export const sqlserverOptions: ReadonlySet<string> = createOptionSet(`
  accessToken accessTokenCallbackClass applicationIntent app authentication authenticationScheme calcBigDecimalPrecision
  cacheBulkCopyMetadata certificate clientCertificate clientKey clientKeyPassword columnEncryptionSetting concatNullYieldsNull
  connectRetryCount connectRetryInterval datetimeParameterType delayLoadingLobs disableStatementPooling domain enablePrepareOnFirstPreparedStatementCall
  enclaveAttestationProtocol enclaveAttestationUrl encrypt failoverPartner failoverPartnerSPN fips gsscredential hostNameInCertificate
  iPAddressPreference instance instanceName integratedSecurity jaasConfigurationName keyStoreAuthentication keyStoreLocation keyStorePrincipalId
  keyStoreSecret keyVaultProviderClientId keyVaultProviderClientKey lastUpdateCount lockTimeout loginTimeout maxResultBuffer msiClientId
  packetSize prepareMethod queryTimeout realm replication responseBuffering retryConn retryExec selectMethod sendStringParametersAsUnicode
  sendTemporalDataTypesAsStringForBulkCopy sendTimeAsDatetime serverCertificate serverName serverNameAsACE serverPreparedStatementDiscardThreshold
  serverSpn socketFactoryClass socketFactoryConstructorArg socketTimeout statementPoolingCacheSize sslProtocol transparentNetworkIPResolution
  trustManagerClass trustManagerConstructorArg trustServerCertificate trustStore trustStorePassword trustStoreType useBulkCopyForBatchInsert
  useDefaultGSSCredential useDefaultJaasConfig useFmtOnly userName vectorTypeSupport workstationID xopenStates
  addr address networkAddress dataSource initialCatalog attachDbFilename extendedProperties initialFileName asynchronousProcessing
  attestationProtocol columnEncryptionKeyCacheTtl commandTimeout connectionLifetime connectionReset connectTimeout contextConnection currentLanguage
  language enlist loadBalanceTimeout maxPoolSize minPoolSize multipleActiveResultSets mars multiSubnetFailover networkLibrary network net
  persistSecurityInfo persistSecurityInfo poolBlockingPeriod pooling replication trustedConnection typeSystemVersion uid pwd userID userInstance
  wsid driver dsn tlsmin protocol pipe krb5-configfile krb5-credcachefile krb5-keytabfile krb5-realm serverSPN fedauth clientcertpath
  columnencryption guid_conversion log dial_timeout failoverport disableretry epa_enabled notraceid applicationclientid resource_id
  connectionLimit poolTimeout connectionTimeout keepAlive appname isolationLevel`);

/**
 * https://kafka.apache.org/documentation/#configuration · https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md ·
 * https://docs.confluent.io/platform/current/schema-registry
 */
export const kafkaOptions: ReadonlySet<string> = createOptionSet(`
  acks allow.auto.create.topics auto.offset.reset batch.size bootstrap.servers brokers metadata.broker.list buffer.memory client.dns.lookup client.id
  client.rack compression.type connections.max.idle.ms default.api.timeout.ms delivery.timeout.ms enable.auto.commit enable.idempotence
  fetch.max.bytes fetch.max.wait.ms fetch.min.bytes group.id group.instance.id heartbeat.interval.ms interceptor.classes isolation.level
  key.deserializer key.serializer value.deserializer value.serializer linger.ms max.block.ms max.in.flight.requests.per.connection
  max.partition.fetch.bytes max.poll.interval.ms max.poll.records max.request.size metadata.max.age.ms metric.reporters partitioner.class
  partition.assignment.strategy receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms request.timeout.ms retries retry.backoff.ms
  sasl.client.callback.handler.class sasl.jaas.config sasl.kerberos.service.name sasl.kerberos.kinit.cmd sasl.kerberos.principal
  sasl.kerberos.keytab sasl.login.callback.handler.class sasl.login.class sasl.mechanism sasl.mechanisms sasl.username sasl.password
  sasl.oauthbearer.token.endpoint.url sasl.oauthbearer.config sasl.oauthbearer.client.id sasl.oauthbearer.client.secret sasl.oauthbearer.scope
  sasl.oauthbearer.extensions sasl.oauthbearer.method sasl.oauthbearer.jwks.endpoint.url enable.sasl.oauthbearer.unsecure.jwt security.protocol
  security.providers send.buffer.bytes session.timeout.ms socket.connection.setup.timeout.ms socket.connection.setup.timeout.max.ms
  ssl.cipher.suites ssl.curves.list ssl.sigalgs.list ssl.enabled.protocols ssl.endpoint.identification.algorithm ssl.engine.factory.class
  ssl.key.password ssl.keymanager.algorithm ssl.keystore.certificate.chain ssl.keystore.key ssl.keystore.location ssl.keystore.password
  ssl.keystore.type ssl.protocol ssl.provider ssl.secure.random.implementation ssl.trustmanager.algorithm ssl.truststore.certificates
  ssl.truststore.location ssl.truststore.password ssl.truststore.type transaction.timeout.ms transactional.id
  enable.ssl.certificate.verification ssl.ca.location ssl.ca.pem ssl.ca.certificate.stores ssl.certificate.location ssl.certificate.pem
  ssl.crl.location ssl.key.location ssl.key.pem ssl.engine.location plugin.library.paths debug socket.timeout.ms socket.keepalive.enable
  socket.nagle.disable socket.max.fails broker.address.family broker.address.ttl api.version.request api.version.fallback.ms broker.version.fallback
  message.max.bytes topic topics group statistics.interval.ms log_level queued.min.messages
  schema.registry.url schema.registry.username schema.registry.password schema.registry.basic.auth.user.info basic.auth.credentials.source
  basic.auth.user.info schema.registry.ssl.truststore.location schema.registry.ssl.truststore.password bearer.auth.token
  ssl_cafile ssl_certfile ssl_keyfile ssl_check_hostname ssl_context sasl_plain_username sasl_plain_password api_version`);

/** https://docs.snowflake.com/en/developer-guide/jdbc/jdbc-parameters · https://docs.snowflake.com/en/developer-guide/python-connector */
export const snowflakeOptions: ReadonlySet<string> = createOptionSet(`
  account warehouse db role region protocol authenticator token private_key private_key_file private_key_file_pwd private_key_path
  private_key_pwd private_key_base64 private_key_passphrase passcode passcodeInPassword allowUnderscoresInHost application autocommit
  cache_column_metadata client_session_keep_alive client_session_keep_alive_heartbeat_frequency client_prefetch_threads client_metadata_request
  client_request_mfa_token client_store_temporary_credential console_login disable_console_login disable_ocsp_checks disableSamlUrlCheck
  enablePatternSearch external_browser_timeout http_client_socket_timeout http_client_connection_timeout insecure_mode insecureMode
  internal_application_name internal_application_version jdbc_query_result_format login_timeout loginTimeout log_level maxHttpRetries
  network_timeout networkTimeout numpy ocsp_fail_open ocspFailOpen ocsp_response_cache_filename oauth_client_id oauth_client_secret
  oauth_token_request_url oauth_authorization_url oauth_redirect_uri oauth_scope paramstyle putGetMaxRetries queryTimeout query_tag
  retry_timeout session_parameters socket_timeout stringsQuotedForColumnDef support_negative_year timezone tracing ocspEnabled
  useProxy nonProxyHosts proxyProtocol validate_default_parameters workload_identity_provider crlMode cert_revocation_check_mode arrow_number_to_decimal`);

/** https://docs.databricks.com/integrations/jdbc/properties · https://docs.databricks.com/dev-tools/sqlalchemy */
export const databricksOptions: ReadonlySet<string> = createOptionSet(`
  http_path httpPath catalog connCatalog connSchema transportMode authMech auth_type UID PWD auth_flow auth_access_token auth_client_id
  OAuth2ClientId OAuth2Secret OAuth2TokenEndpoint OAuth2RedirectUrlPort OAuthScope AzureTenantId access_token auth_refresh_token
  EnableArrow EnableComplexDatatypeSupport EnableQueryResultDownload EnableTelemetry UserAgentEntry user_agent_entry LogLevel LogPath
  UseNativeQuery DefaultStringColumnLength RowsFetchedPerBlock SocketTimeout ConnTimeout AllowSelfSignedCerts AllowSelfSignedServerCert
  CAIssuedCertNamesMismatch CAIssuedCertsMismatch CheckCertRevocation SSLTrustStore SSLTrustStorePwd SSLTrustStoreType SSLTrustStoreProvider
  SSLKeyStore SSLKeyStorePwd UseSystemTrustStore AcceptUndeterminedRevocation ProxyHost ProxyPort ProxyUID ProxyPWD ProxyAuth UseProxy
  UseThriftClient IgnoreTransactions StagingAllowedLocalPaths VolumeOperationAllowedLocalPaths _tls_no_verify _tls_verify_hostname
  _tls_trusted_ca_file _tls_client_cert_file _tls_client_cert_key_file session_configuration use_cloud_fetch cluster warehouse_id`);

/** https://docs.oracle.com/en/database/oracle/oracle-database/23/jjdbc/data-sources-and-URLs.html · https://python-oracledb.readthedocs.io */
export const oracleOptions: ReadonlySet<string> = createOptionSet(`
  service_name sid instance_name server_type protocol wallet_location wallet_password my_wallet_directory tns_admin config_dir
  ssl_server_dn_match ssl_server_cert_dn ssl_version ssl_allow_weak_dn_match retry_count retry_delay transport_connect_timeout expire_time
  https_proxy https_proxy_port sdu pool_boundary pool_connection_class pool_purity connection_id_prefix mode events edition threaded
  encoding nencoding purity cclass tag arraysize autocommit encoding_errors thick_mode lib_dir driver_name disable_oob external_auth
  externalauth access_token token_auth use_tcp_fast_open debug_jdwp shardingkey supershardingkey failover load_balance source_route
  javax.net.ssl.trustStore javax.net.ssl.trustStorePassword javax.net.ssl.keyStore javax.net.ssl.keyStorePassword oracle.net.tns_admin
  oracle.net.wallet_location oracle.net.ssl_server_dn_match oracle.jdbc.timezoneAsRegion isolation_level max_identifier_length`);

/** Names that AWS tools and SDKs, s3fs and DuckDB use. */
export const s3Options: ReadonlySet<string> = createOptionSet(`
  region endpoint endpoint_url endpointUrl endpoint_override session_token role_arn external_id access_key access_key_id secret_access_key secret_key
  aws_access_key_id aws_secret_access_key aws_session_token profile aws_profile credential_source web_identity_token_file role_session_name
  source_identity mfa_serial duration_seconds sso_session credential_process force_path_style forcePathStyle path_style_access url_style use_ssl
  use_path_style scheme allow_http allow_bucket_creation allow_bucket_deletion default_region signature_version s3_force_path_style
  disable_ssl disableSSL verify verify_ssl ca_bundle anon requester_pays use_accelerate_endpoint use_dualstack_endpoint use_fips_endpoint
  addressing_style retry_mode max_attempts connect_timeout request_timeout background_writes virtual_addressing bucket prefix hostname insecure`);

/** https://clickhouse.com/docs/integrations/language-clients/java/jdbc · https://clickhouse.com/docs/integrations/python */
export const clickhouseOptions: ReadonlySet<string> = createOptionSet(`
  secure verify interface compress protocol sslmode sslrootcert ca_cert client_cert client_cert_key server_host_name query_limit query_retries
  send_receive_timeout send_timeout receive_timeout sync_request_timeout client_name session_id session_timeout connect_timeout dial_timeout
  read_timeout max_execution_time socket_timeout connection_timeout skip_verify compression alt_hosts http_port tls_mode readonly`);
