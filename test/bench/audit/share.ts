/** `4.3 %`, `42 %`. */
export function share(value: number): string {
  const percent = 100 * value
  return `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`
}
