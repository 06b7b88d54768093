import ArgumentParser
import CommandSupport
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

    /// Writes a well-formed grant, and prints the next step.
    func write(_ grant: Grant, on console: Console) throws(CommandFailure) {
        let payload = grant.payload()
        try check { () throws(GrantSyntaxError) in _ = try Grant(parsing: payload) }
        let isSeparate = LocalSigners(policy, on: console).wantsRequest(for: grant.ports)
        let option = isSeparate ? " --as-requestor, then another signer's approval" : ""
        try write(payload, grant.id, advice: option, on: console)
    }

    /// Writes a revocation that is well-formed.
    func write(_ revocation: Revocation, on console: Console) throws(CommandFailure) {
        let payload = revocation.payload()
        try check { () throws(GrantSyntaxError) in _ = try Revocation(parsing: payload) }
        try write(payload, revocation.id, on: console)
    }

    /// Writes the end of bars.
    func write(_ unbar: Unbar, on console: Console) throws(CommandFailure) {
        let payload = unbar.payload()
        try check { () throws(GrantSyntaxError) in
            _ = try Unbar(SignedObject(parsing: payload), under: .current)
        }
        try write(payload, unbar.ids.first, on: console)
    }

    private func check(_ parse: () throws(GrantSyntaxError) -> Void) throws(CommandFailure) {
        do throws(GrantSyntaxError) {
            try parse()
        } catch {
            throw CommandFailure(.usage, "\(error.field): \(error.reason)")
        }
    }

    private func write(
        _ payload: [UInt8],
        _ id: GrantID?,
        advice: String = "",
        on console: Console
    ) throws(CommandFailure) {
        try GrantFile.write(payload, to: output, on: console)
        guard output != "-" else { return }
        guard !format.json else {
            let answer: JSONValue = [
                "id": id.map { .string($0.description) } ?? .null, "file": .string(output),
            ]
            return console.print(json: answer)
        }
        console.note("wrote \(output); next: jitgate sign \(output)\(advice)")
    }
}
