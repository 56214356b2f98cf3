import { expect, test } from 'vitest'
import { faultText } from '../../renderer/setup/fault-words.ts'
import { fieldPlace } from '../../shared/plan/field-place.ts'

test.each([
  ['found ""; allowed: at least 1 character', 'Something must stand here.'],
  ['found an empty list; allowed: at least 1 entry', 'Something must stand here.'],
  ['found nothing; allowed: a whole number; the field is required', 'Needed: a whole number.'],
  ['found "ten"; allowed: a whole number', '“ten” does not fit. Allowed: a whole number.'],
  ['found 70000; allowed: at most 65535', '70000 does not fit. Allowed: at most 65535.'],
  ['unknown field; did you mean "name"?', 'Unknown field; did you mean "name"?']
])('a form says no JSON: %s', (message, text) => {
  expect(faultText({ message })).toBe(text)
})

test.each([
  ['', 'plan'],
  ['transports[1].host', 'api: host'],
  ['transports[1]', 'api'],
  ['load.durationSeconds', 'load duration seconds'],
  ['study.rttsMs', 'round trips'],
  ['message.to[2]', 'message recipients 3'],
  ['message.to.2', 'message recipients 3'],
  ['transports.smtp.messagesPerConnection', 'smtp: messages per connection']
])('%s is found at %s', (path, place) => {
  expect(fieldPlace(path, (index) => ['smtp', 'api'][index] ?? '')).toBe(place)
})
