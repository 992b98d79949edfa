import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

/** Names that keep a hub on its own machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

/**
 * Where others reach a hub that listens on `host`: addresses of cables and Wi-Fi first, those of virtual networks
 * (containers, VPNs) last, because learners in the room can't reach these.
 */
export function addressesOf(
  host: string,
  port: number,
  interfaces: Interfaces = networkInterfaces(),
): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::')
    return [`http://${host.includes(':') ? `[${host}]` : host}:${port}`]
  const found = Object.entries(interfaces).flatMap(([name, all = []]) =>
    all
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => ({ name, address })),
  )
  const virtual = /^(docker|br-|veth|virbr|vmnet|vboxnet|podman|cni|tun|tap|utun|zt|tailscale)/
  const sorted = [...found].sort((a, b) => Number(virtual.test(a.name)) - Number(virtual.test(b.name)))
  return sorted.map(({ address }) => `http://${address}:${port}`)
}
