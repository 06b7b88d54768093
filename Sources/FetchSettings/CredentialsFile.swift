/// The keys of an S3-compatible store, as in the credentials file of the AWS command line.
///
///     [default]
///     aws_access_key_id = AKIA…
///     aws_secret_access_key = …
///     region = eu-central-1
package struct CredentialsFile: Hashable, Sendable {
    /// The reason why a file holds no keys.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// The longest file that is read, in bytes.
    package static let limit = 64 << 10
    private static let keys = ["aws_access_key_id", "aws_secret_access_key", "region"]

    package let accessKey: String
    package let secretKey: String
    package let region: String

    /// Reads a file; no message quotes a value, as each may be a secret.
    package init(parsing bytes: [UInt8]) throws(Failure) {
        var values: [String: String] = [:]
        let lines = String(decoding: bytes, as: UTF8.self)
            .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (offset, line) in lines.enumerated() {
            let line = Self.trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line == "[default]" { continue }
            let (key, value) = try Self.assignment(line, number: offset + 1)
            guard values.updateValue(value, forKey: key) == nil else {
                throw Failure(description: "line \(offset + 1) sets \(key) a second time")
            }
        }
        accessKey = try Self.required("aws_access_key_id", values)
        secretKey = try Self.required("aws_secret_access_key", values)
        region = values["region"] ?? "us-east-1"
    }

    private static func assignment(
        _ line: String,
        number: Int
    ) throws(Failure) -> (String, String) {
        guard let sign = line.firstIndex(of: "=") else {
            throw Failure(
                description: "line \(number) is no assignment, no [default] and no comment"
            )
        }
        let key = trimmed(line[..<sign])
        let value = trimmed(line[line.index(after: sign)...])
        guard keys.contains(key) else {
            let known = keys.joined(separator: ", ")
            throw Failure(description: "line \(number) sets something else than \(known)")
        }
        guard !value.isEmpty, value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            key != "region" || !value.contains(":")
        else {
            throw Failure(
                description: "line \(number): \(key) is empty, or has characters that no key has"
            )
        }
        return (key, value)
    }

    private static func required(
        _ key: String,
        _ values: [String: String]
    ) throws(Failure) -> String {
        guard let value = values[key] else { throw Failure(description: "\(key) is missing") }
        return value
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let rest = text.drop(while: isBlank)
        return String(rest.reversed().drop(while: isBlank).reversed())
    }
}
