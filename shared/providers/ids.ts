/** The providers that a plan can name. Each is described by the file of its name in this folder. */
export const PROVIDER_IDS = [
  'mailgun',
  'mailgun-eu',
  'sendgrid',
  'postmark',
  'ses',
  'resend',
  'sparkpost',
  'brevo',
  'mailjet',
  'smtp2go',
  'mailtrap',
  'mailersend',
  'mailpit',
  'generic'
] as const
export type ProviderId = (typeof PROVIDER_IDS)[number]
