import Torch

/// What is done to the cutouts' colours after they were taken.
extension CutoutSampler {
    /// Brightness, contrast, saturation and hue in the order of the step, each result clamped to 0…1.
    func jittered(_ x: Tensor, _ plans: [CutoutPlan], _ order: [Int]) throws(TorchError) -> Tensor {
        guard plans.contains(where: { !$0.color.isIdentity }) else { return x }
        if recipe.source == .overview {
            // Linear about middle grey; clamping would hide the gradient of light and dark pixels.
            return try x * column(plans.map(\.color.contrast), x) + column(plans.map(\.color.brightness), x)
        }
        var x = x
        for operation in order {
            switch operation {
            case 0: x = try x + column(plans.map(\.color.brightness), x)
            case 1: x = try x * column(plans.map(\.color.contrast), x)
            case 2:
                guard plans.contains(where: { $0.color.saturation != 1 }) else { continue }
                x = try saturated(x, column(plans.map(\.color.saturation), x))
            default:
                guard plans.contains(where: { $0.color.hue != 0 }) else { continue }
                x = try hueTurned(x, column(plans.map(\.color.hue), x))
            }
            x = try x.clamped(0, 1)
        }
        return x
    }

    /// Scales the saturation of HSV, at most to full: every channel moves away from the brightest one.
    private func saturated(_ x: Tensor, _ factor: Tensor) throws(TorchError) -> Tensor {
        let value = try x.maximum(over: 1, keep: true)
        let chroma = try value - x.minimum(over: 1, keep: true)
        let limit = try value / chroma.maximum(1e-6)
        return try value + factor.minimum(limit) * (x - value)
    }

    /// Turns the hue of HSV by a fraction of a full turn.
    private func hueTurned(_ x: Tensor, _ turns: Tensor) throws(TorchError) -> Tensor {
        let (r, g) = (try x.slice(1, from: 0, length: 1), try x.slice(1, from: 1, length: 1))
        let b = try x.slice(1, from: 2, length: 1)
        let value = try x.maximum(over: 1, keep: true)
        let chroma = try value - x.minimum(over: 1, keep: true)
        let safe = try chroma.maximum(1e-6)
        let whenRed = try (g - b) / safe
        let whenGreen = try (b - r) / safe + 2
        let whenBlue = try (r - g) / safe + 4
        let notRed = try Tensor.select(g.equal(value), then: whenGreen, else: whenBlue)
        let hue = try Tensor.select(r.equal(value), then: whenRed, else: notRed) + turns * 6
        var channels: [Tensor] = []
        for offset in [5.0, 3.0, 1.0] {
            let k = try (hue + offset).remainder(6)
            let share = try k.minimum(-k + 4).clamped(0, 1)
            channels.append(try value - chroma * share)
        }
        return try Tensor.concatenate(channels, 1)
    }

    /// Blends with a 3 × 3 smoothed copy (ones around a 5, divided by 13).
    func sharpened(_ x: Tensor, _ plans: [CutoutPlan]) throws(TorchError) -> Tensor {
        guard plans.contains(where: { $0.sharpness != 1 }) else { return x }
        var kernel = [Float](repeating: 1 / 13, count: 9)
        kernel[4] = 5 / 13
        let weight = try Tensor(kernel + kernel + kernel, shape: [3, 1, 3, 3]).converted(on: x.device)
        let smooth = try x.padded([1, 1, 1, 1], .replicate).conv2d(weight, groups: 3)
        return try smooth + column(plans.map(\.sharpness), x) * (x - smooth)
    }

    /// Blackens a rectangle.
    func erased(_ x: Tensor, _ plans: [CutoutPlan]) throws(TorchError) -> Tensor {
        guard plans.contains(where: { $0.erased != nil }) else { return x }
        var mask = [Float](repeating: 1, count: plans.count * resolution * resolution)
        for (index, plan) in plans.enumerated() {
            guard let box = plan.erased else { continue }
            let side = Double(resolution)
            let rows = Int(box.y * side)..<min(resolution, Int((box.y + box.height) * side))
            let columns = Int(box.x * side)..<min(resolution, Int((box.x + box.width) * side))
            for row in rows {
                for column in columns { mask[(index * resolution + row) * resolution + column] = 0 }
            }
        }
        return try x * Tensor(mask, shape: [plans.count, 1, resolution, resolution]).converted(on: x.device)
    }

    /// Adds Gaussian noise that depends on each plan's own seed and on the kind of device, which draws it.
    func noisy(_ x: Tensor, _ plans: [CutoutPlan]) throws(TorchError) -> Tensor {
        guard plans.contains(where: { $0.noise > 0 }) else { return x }
        var noise: [Tensor] = []
        for plan in plans {
            let shape = [1, 3, resolution, resolution]
            noise.append(try Tensor.normal(shape, seed: plan.noiseSeed, device: x.device) * plan.noise)
        }
        return try x + Tensor.concatenate(noise)
    }

    /// One number per plan as [plans, 1, 1, 1].
    private func column(_ values: [Double], _ x: Tensor) throws(TorchError) -> Tensor {
        try Tensor(values.map(Float.init), shape: [values.count, 1, 1, 1]).converted(on: x.device)
    }
}
