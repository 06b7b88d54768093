import ArgumentParser
import AzureImport
import CommandSupport
import AgentSettings
import StrictJSON

struct PolicyImportCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-azure",
        abstract: "Turn an Azure just-in-time policy into a policy file of ours.",
        discussion: """
            FILE is a jitNetworkAccessPolicies document: one policy or a list of them, as Azure's \
            REST API, `az security jit-policy` or PowerShell's ConvertTo-Json -Depth 9 prints it, an \
            ARM template with such policies, or a Resource Graph answer. The policy goes to the standard \
            output, and what it could not carry over is said on the standard error. Anything that \
            would make ours laxer than Azure's is an error, with line and column.

              jitgate policy import-azure a.json >new.toml && jitgate policy check new.toml
              az security jit-policy list | jitgate policy import-azure - --machine web-1
            """
    )

    @Argument(help: "The Azure document; - is the standard input.", completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp(
            "The virtual machine to take, where they differ.",
            valueName: "name"
        )
    )
    var machine: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var policy: PolicyOptions

    func perform(on console: Console) throws(CommandFailure) {
        let name = file == "-" ? "standard input" : file
        let bytes = try read(console)
        let document: AzureDocument
        do throws(AzureError) {
            document = try AzureDocument(parsing: bytes)
        } catch {
            throw CommandFailure(.no, "\(name):\(error)")
        }
        let result = try select(from: document)
        try Self.check(result, name: name)
        for note in document.notes { console.note("jitgate: \(name): \(DisplayText.safe(note))") }
        guard format.json else { return console.write(Array(result.toml.utf8)) }
        console.print(
            json: [
                "machine": .string(result.machine), "policy": result.json,
                "notes": .array(document.notes.map { .string($0) }),
            ]
        )
    }

    private func select(from document: AzureDocument) throws(CommandFailure) -> AzurePortPolicy {
        do throws(AzureSelectionError) {
            return try AzurePortPolicy(document, machine: machine)
        } catch {
            throw CommandFailure(.no, "\(error)")
        }
    }

    private func read(_ console: Console) throws(CommandFailure) -> [UInt8] {
        guard file != "-" else { return console.readInput() }
        return try GrantFile.read(file, limit: AzureDocument.sizeLimit)
    }

    /// Checks that the result is a policy that the agent takes.
    private static func check(_ result: AzurePortPolicy, name: String) throws(CommandFailure) {
        do throws(ConfigurationError) {
            _ = try Configuration(parsing: Array(result.toml.utf8), file: "the policy made of it")
        } catch {
            throw CommandFailure(.no, "\(name): \(error)")
        }
    }
}
