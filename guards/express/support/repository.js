'use strict';

const path = require('node:path');

/** Where the guide and the vectors are; the tests of a copy of this package are told. */
const REPOSITORY = process.env.WICKETGATE_REPOSITORY ?? path.resolve(__dirname, '../../..');

module.exports = { REPOSITORY };
