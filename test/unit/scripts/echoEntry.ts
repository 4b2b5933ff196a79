/** Entry for the test of the launcher: prints what reached it, and ends with the exit code it is told. */
const [code, ...rest]: string[] = process.argv.slice(2);
process.stdout.write(JSON.stringify({ rest }));
process.exitCode = Number(code);
