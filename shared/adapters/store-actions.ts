/** The IAM actions by which `dynamo-store` does what each half of the port says; a transaction needs those of its parts. */
export const storeActions = {
  read: ['dynamodb:GetItem', 'dynamodb:Query'],
  write: ['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'],
  identify: ['dynamodb:DescribeTable'],
} as const;
