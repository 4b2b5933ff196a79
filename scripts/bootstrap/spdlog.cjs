/**
 * Stands in for `@vscode/spdlog` in the workbench: the same log files, written by JavaScript. The original is compiled
 * when it is installed, and is the only compiled module that a workbench needs here; with this one no compiler is needed.
 */
const { appendFileSync, mkdirSync } = require('node:fs');
const { dirname } = require('node:path');

const names = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];

class Logger {
  /**
   * @param {string} _type
   * @param {string} _name
   * @param {string} file
   */
  constructor(_type, _name, file) {
    this.file = file;
    this.level = 2;
    this.plain = false;
    mkdirSync(dirname(file), { recursive: true });
  }

  /** @param {string} message */
  trace(message) { this.write(0, message); }

  /** @param {string} message */
  debug(message) { this.write(1, message); }

  /** @param {string} message */
  info(message) { this.write(2, message); }

  /** @param {string} message */
  warn(message) { this.write(3, message); }

  /** @param {string} message */
  error(message) { this.write(4, message); }

  /** @param {string} message */
  critical(message) { this.write(5, message); }

  getLevel() { return this.level; }

  /** @param {number} level */
  setLevel(level) { this.level = level; }

  setPattern() {}

  clearFormatters() { this.plain = true; }

  flush() {}

  drop() {}

  /**
   * @param {number} level
   * @param {string} message
   */
  write(level, message) {
    if (level < this.level) return;
    const time = new Date().toISOString().replace('T', ' ').replace('Z', '');
    appendFileSync(this.file, this.plain ? message : `${time} [${names[level]}] ${message}\n`);
  }
}

/**
 * @param {string} name
 * @param {string} file
 */
async function create(name, file) {
  return new Logger('rotating', name, file);
}

// One by one, because VS Code imports them by name, and names are found by reading this file.
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
