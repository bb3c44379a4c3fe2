import type { Column } from '../catalog.ts';

/** https://protobuf.dev/reference/protobuf/google.protobuf/ and https://github.com/googleapis/googleapis/tree/master/google/type */
export const wellKnownTypeKinds: Readonly<Record<string, Column['kind']>> = {
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Struct': 'json',
  'google.protobuf.Value': 'json',
  'google.protobuf.ListValue': 'array',
  'google.protobuf.BoolValue': 'boolean',
  'google.protobuf.StringValue': 'string',
  'google.protobuf.BytesValue': 'binary',
  'google.protobuf.DoubleValue': 'float',
  'google.protobuf.FloatValue': 'float',
  'google.protobuf.Int32Value': 'integer',
  'google.protobuf.Int64Value': 'integer',
  'google.protobuf.UInt32Value': 'integer',
  'google.protobuf.UInt64Value': 'integer',
  'google.protobuf.Any': 'other',
  'google.protobuf.Duration': 'other',
  'google.protobuf.Empty': 'other',
  'google.protobuf.FieldMask': 'other',
  'google.type.Date': 'date',
  'google.type.DateTime': 'timestamp',
  'google.type.TimeOfDay': 'time',
  'google.type.Decimal': 'decimal',
  'google.type.LatLng': 'geo',
  'confluent.type.Decimal': 'decimal',
};

/**
 * Further types that every registry resolves without a reference. Only their fields count: field numbers and options are not read.
 * https://github.com/confluentinc/schema-registry/blob/master/protobuf-provider/src/main/java/io/confluent/kafka/schemaregistry/protobuf/ProtobufSchema.java
 */
export const builtInProtobufTypes = `package google.protobuf;
enum NullValue {}
package google.type;
enum CalendarPeriod {} enum DayOfWeek {} enum Month {}
message Color { float red = 1; float green = 2; float blue = 3; google.protobuf.FloatValue alpha = 4; }
message Expr { string expression = 1; string title = 2; string description = 3; string location = 4; }
message Fraction { int64 numerator = 1; int64 denominator = 2; }
message Interval { google.protobuf.Timestamp start_time = 1; google.protobuf.Timestamp end_time = 2; }
message LocalizedText { string text = 1; string language_code = 2; }
message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }
message PhoneNumber {
  message ShortCode { string region_code = 1; string number = 2; }
  oneof kind { string e164_number = 1; ShortCode short_code = 2; }
  string extension = 3;
}
message PostalAddress {
  int32 revision = 1; string region_code = 2; string language_code = 3; string postal_code = 4;
  string sorting_code = 5; string administrative_area = 6; string locality = 7; string sublocality = 8;
  repeated string address_lines = 9; repeated string recipients = 10; string organization = 11;
}
message Quaternion { double x = 1; double y = 2; double z = 3; double w = 4; }
message TimeZone { string id = 1; string version = 2; }`;
