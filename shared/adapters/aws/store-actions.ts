/** The IAM actions that the DynamoDB store needs for each part of the port. A transaction needs the actions of its parts. */
export const storeActions = {
  read: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'],
  write: ['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'],
  scan: ['dynamodb:Scan'],
  identify: ['dynamodb:DescribeTable'],
} as const;
