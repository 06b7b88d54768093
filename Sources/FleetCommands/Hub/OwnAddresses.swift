import CommandSupport
import Grants
import StrictJSON
import Transfer

/// The addresses from which a hub sees the person who types, over IPv4 and over IPv6.
struct OwnAddresses {
    let client: HubClient
    let console: Console

    func networks() throws(CommandFailure) -> [Prefix] {
        var networks: [Prefix] = []
        var failure: CommandFailure?
        for family in [Request.Family.ipv4, .ipv6] {
            do throws(CommandFailure) {
                let network = try network(by: family)
                if !networks.contains(network) { networks.append(network) }
            } catch {
                failure = failure ?? error
            }
        }
        if networks.isEmpty, let failure { throw failure }
        return networks
    }

    private func network(by family: Request.Family) throws(CommandFailure) -> Prefix {
        let text = try client.get("/v1/me", by: family)["address"]?.text ?? ""
        do throws(TextError) {
            let network = try Prefix(parsing: text)
            console.note("jitgate-fleet: --source my: \(network), as the hub sees you")
            if let advice = AddressAdvice.text(network.address) {
                console.note("jitgate-fleet: \(advice)")
            }
            return network
        } catch {
            throw CommandFailure(
                .unavailable,
                "the hub does not say where you come from",
                hints: ["name your address or network: --source 203.0.113.7"]
            )
        }
    }
}
