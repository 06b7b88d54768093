import Grants
struct PrefixError: Error {}
extension Prefix {
    init(parsing text: String) throws(PrefixError) {
        let parts = text.split(separator: "/")
        guard let first = parts.first else { throw PrefixError() }
        let octets = first.split(separator: ".").compactMap { UInt8($0) }
        guard let address = Address(networkBytes: octets),
            let p = Prefix(address: address, length: parts.count > 1 ? Int(parts[1]) ?? -1 : 32)
        else { throw PrefixError() }
        self = p
    }
}
extension Prefix: CustomStringConvertible {
    package var description: String {
        address.networkBytes.map(String.init).joined(separator: ".") + "/\(length)"
    }
}
extension Duration {
    init?(parsing text: String) {
        guard let n = Int(text.dropLast()), abs(n) < 100000 else { return nil }
        switch text.last {
        case "h": self = .seconds(n * 3600);
        case "m": self = .seconds(n * 60);
        case "s": self = .seconds(n);
        default: return nil
        }
    }
    var text: String { "\(components.seconds)s" }
}
