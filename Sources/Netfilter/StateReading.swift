import CNetfilter
package import Netlink

/// Bytes of a `struct nfgenmsg`, which comes before the attributes.
package let familyHeaderLength = 4

extension TableState {
    /// Reads a `NFT_MSG_NEWTABLE`.
    package init?(reading message: NetlinkMessage, generation: UInt32) {
        let fields = ExpressionFields(message.attributes(after: familyHeaderLength))
        guard let flags = fields.number(NFTA_TABLE_FLAGS.rawValue),
            let use = fields.number(NFTA_TABLE_USE.rawValue)
        else { return nil }
        self.init(
            generation: generation,
            flags: flags,
            owner: fields.number(NFTA_TABLE_OWNER.rawValue),
            objectCount: use
        )
    }
}

extension ChainState {
    /// Reads a `NFT_MSG_NEWCHAIN`.
    package init?(reading message: NetlinkMessage) {
        let fields = ExpressionFields(message.attributes(after: familyHeaderLength))
        guard let name = fields.text(NFTA_CHAIN_NAME.rawValue) else { return nil }
        self.init(name: name, place: Self.place(fields))
    }

    private static func place(_ fields: ExpressionFields) -> Place {
        guard let hook = fields[NFTA_CHAIN_HOOK.rawValue] else { return .inside }
        let at = ExpressionFields(hook.nested)
        guard fields.text(NFTA_CHAIN_TYPE.rawValue) == "filter",
            fields.number(NFTA_CHAIN_POLICY.rawValue) == UInt32(NF_ACCEPT),
            (fields.number(NFTA_CHAIN_FLAGS.rawValue) ?? NFT_CHAIN_BASE.rawValue)
                == NFT_CHAIN_BASE.rawValue,
            at.say(only: NFTA_HOOK_HOOKNUM.rawValue, NFTA_HOOK_PRIORITY.rawValue),
            let point = at.number(NFTA_HOOK_HOOKNUM.rawValue).flatMap(Hook.Point.init),
            let priority = at.number(NFTA_HOOK_PRIORITY.rawValue)
        else { return .elsewhere }
        return .at(Hook(point, priority: Int32(bitPattern: priority)))
    }

    /// Reads a `NFT_MSG_NEWRULE`: the rule and the name of its chain.
    package static func rule(
        reading message: NetlinkMessage
    ) -> (chain: String, rule: RuleState)? {
        let fields = ExpressionFields(message.attributes(after: familyHeaderLength))
        guard let chain = fields.text(NFTA_RULE_CHAIN.rawValue) else { return nil }
        let elements = fields[NFTA_RULE_EXPRESSIONS.rawValue]?.nested ?? []
        let expressions = elements.compactMap(Expression.init(reading:))
        return (chain, expressions.count == elements.count ? expressions : nil)
    }
}

extension SetState {
    /// Reads a `NFT_MSG_NEWSET`.
    package init?(reading message: NetlinkMessage) {
        let fields = ExpressionFields(message.attributes(after: familyHeaderLength))
        guard let name = fields.text(NFTA_SET_NAME.rawValue) else { return nil }
        self.init(name: name, definition: Self.definition(name, fields))
    }

    private static func definition(_ name: String, _ fields: ExpressionFields) -> SetDefinition? {
        let flags = fields.number(NFTA_SET_FLAGS.rawValue) ?? 0
        let counts = fields[NFTA_SET_EXPR.rawValue].flatMap(Expression.init(reading:)) != nil
        let limits = [NFTA_SET_DATA_TYPE, NFTA_SET_OBJ_TYPE, NFTA_SET_EXPRESSIONS]
            .contains { fields[$0.rawValue] != nil }
        let size = fields[NFTA_SET_DESC.rawValue]?.nested ?? []
        guard let kind = SetDefinition.Kind(flags: flags, counts: counts), !limits, size.isEmpty,
            (fields.wide(NFTA_SET_TIMEOUT.rawValue) ?? 0) == 0,
            let keyType = fields.number(NFTA_SET_KEY_TYPE.rawValue),
            let keyLength = fields.number(NFTA_SET_KEY_LEN.rawValue)
        else { return nil }
        return SetDefinition(
            name: name,
            keyType: keyType,
            keyLength: keyLength,
            kind: kind
        )
    }
}

extension ElementState {
    /// Reads the elements of a `NFT_MSG_NEWSETELEM`.
    package static func all(reading message: NetlinkMessage) -> [ElementState] {
        message.attributes(after: familyHeaderLength)
            .first { $0.type == NFTA_SET_ELEM_LIST_ELEMENTS.rawValue }
            .map { $0.nested.compactMap(Self.init(reading:)) } ?? []
    }

    private init?(reading element: NetlinkAttribute) {
        let fields = ExpressionFields(element.nested)
        guard let key = fields.value(NFTA_SET_ELEM_KEY.rawValue) else { return nil }
        let counter = fields[NFTA_SET_ELEM_EXPR.rawValue].flatMap(Expression.init(reading:))
        var traffic = Traffic()
        if case .counter(let counted) = counter { traffic = counted }
        let flags = fields.number(NFTA_SET_ELEM_FLAGS.rawValue) ?? 0
        self.init(
            key: key,
            endsInterval: flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0,
            remaining: fields.wide(NFTA_SET_ELEM_EXPIRATION.rawValue),
            traffic: traffic
        )
    }
}
