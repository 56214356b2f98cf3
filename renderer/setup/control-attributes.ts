/** What the control of a field needs to belong to its label, hint and fault. */
export interface ControlAttributes {
  id: string
  'aria-invalid': 'true' | undefined
  'aria-describedby': string | undefined
  'data-path': string
}
