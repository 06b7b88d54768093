import ArgumentParser
import Grants
import StrictJSON

/// The file that a request for access is written to, to be signed next.
struct RequestFile {
    static let help = ArgumentHelp("Write to this file.", valueName: "file")

    private let output: String
    private let format: FormatOptions
    private let policy: PolicyOptions

    /// `output` is a path, or `-` for the standard output.
    init(_ output: String, _ format: FormatOptions, _ policy: PolicyOptions) {
        self.output = output
        self.format = format
        self.policy = policy
    }

    /// Writes a grant that is well-formed, and says what comes next.
    func write(_ grant: Grant, on console: Console) throws(CommandFailure) {
        let payload = grant.payload()
        do throws(GrantSyntaxError) {
            _ = try Grant(parsing: payload)
        } catch {
            throw CommandFailure(.usage, "\(error.field): \(error.reason)")
        }
        try GrantFile.write(payload, to: output, on: console)
        guard output != "-" else { return }
        if format.json {
            let answer: JSONValue = [
                "id": .string(grant.id.description), "file": .string(output),
            ]
            console.print(json: answer)
        } else {
            let isSeparate = LocalSigners(policy, on: console).wantsRequest(for: grant.ports)
            let option = isSeparate ? " --as-requestor, then another signer's approval" : ""
            console.note("wrote \(output); next: jitgate sign \(output)\(option)")
        }
    }
}
