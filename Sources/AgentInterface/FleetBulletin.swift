package import Grants
package import StrictJSON
package import Varlink

extension AgentStatus {
    /// The newest bulletin of the host's fleet.
    package struct FleetBulletin: VarlinkCodable {
        package static let members = [
            VarlinkMember("fleet", "string"),
            VarlinkMember("stale", "bool", "Grants that came by an inbox wait for a newer one"),
            VarlinkMember("issued", "?string", "Null while none has come"),
            VarlinkMember("expires", "?string"),
            VarlinkMember("sha256", "?string", "Of its file"),
            VarlinkMember("revoked_keys", "int", "How many keys bulletins have revoked"),
        ]

        package var fleet: String
        package var isStale: Bool
        package var issued: Moment?
        package var expires: Moment?
        package var digest: String?
        /// The number of keys that bulletins have revoked.
        package var revokedKeys: Int

        package init(
            fleet: String,
            isStale: Bool,
            _ bulletin: Bulletin?,
            digest: String?,
            revokedKeys: Int
        ) {
            (self.fleet, self.isStale, self.revokedKeys) = (fleet, isStale, revokedKeys)
            (issued, expires, self.digest) = (bulletin?.issued, bulletin?.expires, digest)
        }

        package init(from value: JSONValue) throws(VarlinkError) {
            let object = try VarlinkObject(value)
            fleet = try object.text("fleet")
            isStale = try object.required("stale", \.flag)
            issued = try object.optionalValue("issued", Moment.init(parsing:))
            expires = try object.optionalValue("expires", Moment.init(parsing:))
            digest = try object.optionalText("sha256")
            revokedKeys = Int(clamping: try object.number("revoked_keys"))
        }

        package var jsonValue: JSONValue {
            [
                "fleet": .string(fleet), "stale": .bool(isStale),
                "issued": JSONValue(text: issued), "expires": JSONValue(text: expires),
                "sha256": JSONValue(digest), "revoked_keys": .integer(Int64(revokedKeys)),
            ]
        }
    }
}

/// A key that a bulletin revoked.
package struct RevokedKeyEntry: VarlinkCodable {
    package static let members = [
        VarlinkMember("key", "string", "Its fingerprint"),
        VarlinkMember("since", "string"),
        VarlinkMember("bulletin", "string", "The SHA-256 of the bulletin that revoked it"),
    ]

    package var key: String
    package var since: Moment
    package var bulletin: String

    package init(key: String, since: Moment, bulletin: String) {
        (self.key, self.since, self.bulletin) = (key, since, bulletin)
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        key = try object.text("key")
        since = try object.value("since", Moment.init(parsing:))
        bulletin = try object.text("bulletin")
    }

    package var jsonValue: JSONValue {
        [
            "key": .string(key), "since": .string(since.description),
            "bulletin": .string(bulletin),
        ]
    }
}
