// The binding $BINDING under an object whose functions can be replaced: its own cannot.
module.exports = Object.create(require(process.env.BINDING));
