import { networkOf, siteOf } from '../../src/values/network.js';

test.each([
  ['an IPv4 address is itself', '192.0.2.1', '192.0.2.1'],
  ['an IPv4 address on an IPv6 socket is the same', '::ffff:192.0.2.1', '192.0.2.1'],
  ['an IPv6 address is its /64', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['however it is written', '2001:0DB8:0001:0002::6', '2001:db8:1:2::/64'],
  ['with its gap in front', '::1', '0:0:0:0::/64'],
  ['with its gap at the end', '2001:db8::', '2001:db8:0:0::/64'],
  ['with its gap in the middle of the network', '2001:db8::2:3:4:5:6', '2001:db8:0:2::/64'],
  ['with the interface it is on', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['what is no address is itself', 'unknown', 'unknown'],
])('The network: %s', (_, address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each([
  ['an IPv4 address is one by itself', '192.0.2.1', '192.0.2.1'],
  ['an IPv6 address is of its /48', '2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
])('The site: %s', (_, address, site) => {
  expect(siteOf(address)).toBe(site);
});
