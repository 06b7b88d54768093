import Admission
import ArgumentParser
import CommandSupport
import Depot
import FetchSettings
import Grants
import Publishing
import Signatures
import StrictJSON
import Transfer

struct BulletinCommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulletin",
        abstract: "Sign a bulletin for all hosts of a fleet, and post it.",
        discussion: """
            A bulletin revokes grants and keys on every host of a fleet, and its age shows hosts that \
            their depot withholds nothing. What the posted one revokes stays revoked in the new one \
            until it is dropped; hosts keep it in any case. ssh-keygen signs, with the key of --key or \
            of ssh-agent, under jitgate-bulletin. A bulletin without changes is worth posting, too: \
            hosts with max_staleness wait for it.

              jitgate-fleet bulletin --fleet prod
              jitgate-fleet bulletin --revoke-key SHA256:kQ2…
              jitgate-fleet bulletin --revoke-grant 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11 --json
              jitgate-fleet bulletin --drop-key SHA256:kQ2…     then, on hosts: jitgate unbar --key

            The timer jitgate-fleet-bulletin.timer runs it every five minutes. Exit status: 0 posted; \
            1 refused; 2 usage; else as in sysexits.h: 69 the depot does not answer, 75 other \
            publishers were faster, 77 no permission, 78 bad configuration.
            """
    )

    @Option(
        help: ArgumentHelp(
            "The fleet.",
            discussion: "Default: that of the posted bulletin.",
            valueName: "name"
        ),
        transform: FleetName.checked
    )
    var fleet: String?

    @Option(
        help: ArgumentHelp("A grant that never opens again.", valueName: "id"),
        transform: GrantID.init(parsing:)
    )
    var revokeGrant: [GrantID] = []

    @Option(
        help: ArgumentHelp(
            "A key, or a CA, whose signatures do not count any more: SHA256:….",
            valueName: "fingerprint"
        ),
        transform: Bulletin.fingerprint
    )
    var revokeKey: [String] = []

    @Option(
        help: ArgumentHelp("Leave out a grant, such as one that has expired.", valueName: "id"),
        transform: GrantID.init(parsing:)
    )
    var dropGrant: [GrantID] = []

    @Option(
        help: ArgumentHelp(
            "Leave out a key; hosts that know it keep it, until root lifts it there.",
            valueName: "fingerprint"
        ),
        transform: Bulletin.fingerprint
    )
    var dropKey: [String] = []

    @Option(help: ArgumentHelp("The time that it is valid.", valueName: "time"))
    var valid = "1h"

    @Option(
        help: ArgumentHelp(
            "The key that signs.",
            discussion: "Default: the first of ssh-agent, else of ~/.ssh.",
            valueName: "file"
        ),
        completion: .file()
    )
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The people who may sign, in OpenSSH's format.",
            discussion: "Default: [fleet] allowed_signers. Only what they signed is continued.",
            valueName: "file"
        ),
        completion: .file()
    )
    var allowedSigners: String?

    @Option(
        help: ArgumentHelp(
            "The last bulletin that was posted from here.",
            discussion: "Its lists are kept, too, should the depot show an older one.",
            valueName: "file"
        ),
        completion: .file()
    )
    var memory: String?

    @OptionGroup var depot: DepotOptions
    @OptionGroup var format: FormatOptions

    func perform(on console: Console) throws(CommandFailure) {
        let settings = try depot.configuration(console)
        let store = try depot.store(settings)
        let change = BulletinChange(
            fleet: fleet,
            validity: try validity(),
            revoked: (revokeGrant, revokeKey),
            dropped: (dropGrant, dropKey)
        )
        let named = key.map { SSHSigner(key: .file($0)) }
        let signer = if let named { named } else { try SSHSigner(defaultFor: console) }
        let publisher = BulletinPublisher(
            store: store,
            signers: try signers(settings),
            signer: signer,
            memory: memory,
            console: console
        )
        let posted = try publisher.post(change)
        guard !format.json else { return console.print(json: posted.json(store)) }
        console.print("\(console.paint("posted", .green))  \(posted.summary)")
    }

    private func validity() throws(CommandFailure) -> Duration {
        do throws(TextError) {
            let time = try Duration(parsing: valid)
            guard time >= .seconds(60) else {
                throw TextError("a bulletin is valid for a minute at least")
            }
            return time
        } catch {
            throw CommandFailure(.usage, "--valid: \(error)")
        }
    }

    /// A depot could else have its own lists signed here.
    private func signers(
        _ settings: FleetSettings
    ) throws(CommandFailure) -> SignatureVerifier {
        guard let path = allowedSigners ?? settings.file.allowedSigners else {
            throw CommandFailure(
                .usage,
                "no allowed_signers file is named, so the posted bulletin cannot be checked",
                hints: ["name it with --allowed-signers, or in \(FleetSettings.fileName)"]
            )
        }
        let bytes = try GrantFile.read(path, limit: 256 << 10)
        do throws(AllowedSignersError) {
            return SignatureVerifier(allowedSigners: try AllowedSigners(parsing: bytes))
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
    }
}

/// A bulletin that was posted.
struct PostedBulletin {
    let bulletin: Bulletin
    let bytes: [UInt8]

    var summary: String {
        "bulletin of \(bulletin.fleet), valid until \(bulletin.expires.wholeSecond):"
            + " \(bulletin.revokedGrants.count.counting("grant")) and"
            + " \(bulletin.revokedKeys.count.counting("key")) revoked"
    }

    func json(_ store: any DepotStore) -> JSONValue {
        [
            "depot": .string(store.name), "fleet": .string(bulletin.fleet),
            "issued": .string(bulletin.issued.description),
            "expires": .string(bulletin.expires.description),
            "revoked_grants": .array(
                bulletin.revokedGrants.map { .string($0.description) }
            ),
            "revoked_keys": .array(bulletin.revokedKeys.map(JSONValue.string)),
            "sha256": .string(Digest.sha256(of: bytes).hexadecimal),
            "conditional": store.isConditional.map(JSONValue.bool) ?? .null,
        ]
    }
}
